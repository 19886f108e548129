// Layers that change the size of images.
import { type Tensor as CoreTensor, cast, pad, round } from "@facet/autograd";
import { bool, number, oneOf } from "@facet/dialect";
import { dataFormatKind, positive } from "../kinds.js";
import { floats, type Shape, Tensor } from "../tensor.js";
import { layerClass, layerOf } from "./define.js";
import { boxes, cropped, expectImages, imageAxes, imageCall, resizedTo, sized, smartResized } from "./image_parts.js";
import { type Interpolation, interpolationKind } from "./reshaping.js";

const resizingRules = {
  height: positive,
  width: positive,
  interpolation: interpolationKind.or("bilinear" as Interpolation),
  crop_to_aspect_ratio: bool.or(false),
  pad_to_aspect_ratio: bool.or(false),
  fill_mode: oneOf("constant").or("constant"),
  fill_value: number.or(0),
  antialias: bool.or(false),
  data_format: dataFormatKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** Images of height x width; the aspect ratio may be kept by cropping, or by putting `fill_value` around. */
class ResizingLayer extends layerOf("Resizing", resizingRules, ["height", "width", "interpolation"], {
  keepsDtype: true,
  call: imageCall,
}) {
  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor): Tensor {
    expectImages(this.className, x.shape);
    const size = [this.height, this.width] as const;
    const { data_format: format, interpolation, antialias } = this;
    let core = floats(x);
    if (this.crop_to_aspect_ratio) core = smartResized(core, format, size, interpolation, antialias);
    else {
      if (this.pad_to_aspect_ratio) core = this.#padded(core);
      core = resizedTo(core, format, size, interpolation, antialias);
    }
    return new Tensor(x.dtype === "int32" ? cast(round(core), "int32") : core);
  }

  #padded(x: CoreTensor): CoreTensor {
    const axes = imageAxes(this.data_format, x.rank);
    const [height, width] = axes.map((axis) => x.shape[axis] as number) as [number, number];
    const rows = Math.max(height, Math.trunc((width * this.height) / this.width));
    const columns = Math.max(width, Math.trunc((height * this.width) / this.height));
    // As much on both sides: one row or column too few is stretched.
    const around = [Math.trunc((rows - height) / 2), Math.trunc((columns - width) / 2)];
    const edges = x.shape.map((_, axis): [number, number] => {
      const at = axes.indexOf(axis);
      return at < 0 ? [0, 0] : [around[at] as number, around[at] as number];
    });
    return pad(x, edges, this.fill_value);
  }
}

const cropRules = {
  height: positive,
  width: positive,
  data_format: dataFormatKind.or(null),
  "*": null,
  ...boxes,
} as const;
/** The middle of images; smaller ones are resized, the aspect ratio kept by cropping. */
class CenterCropLayer extends layerOf("CenterCrop", cropRules, ["height", "width"], { call: imageCall }) {
  override compute_output_shape(shape: Shape): Shape {
    expectImages(this.className, shape);
    return sized(shape, this.data_format, this.height, this.width);
  }

  override call(x: Tensor): Tensor {
    expectImages(this.className, x.shape);
    const core = floats(x);
    const [height, width] = imageAxes(this.data_format, x.ndim).map((axis) => x.shape[axis] as number) as [
      number,
      number,
    ];
    const size = [this.height, this.width] as const;
    if (height < size[0] || width < size[1]) return new Tensor(smartResized(core, this.data_format, size, "bilinear"));
    const from = [Math.floor((height - size[0]) / 2), Math.floor((width - size[1]) / 2)];
    return new Tensor(cropped(core, this.data_format, from, size));
  }
}

export const Resizing = /* @__PURE__ */ layerClass(ResizingLayer);
export type Resizing = ResizingLayer;
export const CenterCrop = /* @__PURE__ */ layerClass(CenterCropLayer);
export type CenterCrop = CenterCropLayer;
