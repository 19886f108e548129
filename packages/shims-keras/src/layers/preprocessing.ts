// Layers that prepare images: scaling of values.
import { cast } from "@facet/autograd";
import { number } from "@facet/dialect";
import { Tensor } from "../tensor.js";
import { layerClass, layerOf } from "./define.js";

/** x scale + offset, as float32. */
class RescalingLayer extends layerOf("Rescaling", { scale: number, offset: number.or(0) }, ["scale", "offset"], {
  sameShape: true,
}) {
  override call(x: Tensor): Tensor {
    const scaled = new Tensor(cast(x.core, "float32")).mul(this.scale);
    return this.offset === 0 ? scaled : scaled.add(this.offset);
  }
}

export const Rescaling = layerClass(RescalingLayer);
export type Rescaling = RescalingLayer;
