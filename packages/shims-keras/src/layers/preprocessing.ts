// Layers that prepare images: scaling of values.
import { add, cast, mul } from "@facet/autograd";
import { number } from "@facet/dialect";
import { array } from "../kinds.js";
import { floats, Tensor, type TensorLike } from "../tensor.js";
import { layerClass, layerOf } from "./define.js";

/** x scale + offset, as float32. */
class RescalingLayer extends layerOf(
  "Rescaling",
  { scale: number.either(array), offset: number.either(array).or(0) },
  ["scale", "offset"],
  { sameShape: true },
) {
  override call(x: Tensor): Tensor {
    const factor = (given: TensorLike): number | Tensor["core"] => (typeof given === "number" ? given : floats(given));
    const scaled = mul(cast(x.core, "float32"), factor(this.scale));
    return new Tensor(this.offset === 0 ? scaled : add(scaled, factor(this.offset)));
  }
}

export const Rescaling = /* @__PURE__ */ layerClass(RescalingLayer);
export type Rescaling = RescalingLayer;
