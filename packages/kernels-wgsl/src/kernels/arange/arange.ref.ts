import { arrayTypes, type BindingArrays } from "../../cases.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import type { ArangeParams } from "./arange.js";

export function arangeReference(_: BindingArrays, given: object, { Y = "f32" }: Constants): BindingArrays {
  const p = given as ArangeParams;
  const y = new arrayTypes[Y as BindingDtype](p.count);
  const step = p.step_high + p.step_middle + p.step_low;
  for (let i = 0; i < p.count; i++) {
    const back = p.count - 1 - i;
    if (Y !== "f32") y[i] = p.first + Math.imul(i, p.by);
    else if (i < p.half) y[i] = p.start_high + p.start_low + (i === 0 ? 0 : i * step);
    else y[i] = p.stop_high + p.stop_low - (back === 0 ? 0 : back * step);
  }
  return { y };
}
