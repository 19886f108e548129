import * as torch from "@facet/shims-torch";
import { floats } from "../formula.js";

/** Gives a module the weights of the formula, by its parameters' order. Scales of norms stay as they are. */
export function start(module: torch.nn.Module): void {
  let stream = 0;
  for (const [name, parameter] of module.named_parameters()) {
    stream++;
    const { shape } = parameter;
    if (shape.length === 1 && !name.includes("bias")) continue;
    const fan = shape.slice(1).reduce((size, extent) => size * extent, 1);
    const values = floats(shape, shape.length === 1 ? 0.05 : 1 / Math.sqrt(fan), stream);
    torch.no_grad(() => parameter.copy_(torch.tensor(values).reshape(shape)));
  }
}
