import * as core from "@facet/autograd";
import { type Tensor, wrap } from "../tensor.js";
import { Compose, Normalize, ToTensor, Transform, type TransformFunction } from "./transforms.js";

/** A transform of whole batches: what ToTensor and Normalize make of bytes, then what is left to do. */
export interface BatchTransform {
  /** What each byte of an image of so many channels becomes, [channels, 256]: made by the transforms themselves. */
  table(channels: number): core.Tensor;
  /** The steps after that, on float images [N, C, H, W]. */
  rest(images: Tensor): Tensor;
}

/**
 * The transform for a batch of images, or undefined when it must see one image at a time: ToTensor alone, or first in a
 * Compose of transforms that know batches.
 */
export function batchTransform(transform: TransformFunction | null): BatchTransform | undefined {
  const [first, ...rest] = transform instanceof Compose ? transform.transforms : [transform];
  if (!(first instanceof ToTensor)) return undefined;
  const steps = rest.flatMap((step) => (step instanceof Transform && step.batch ? [step as BatchStep] : []));
  if (steps.length < rest.length) return undefined;
  // A class made from Normalize may look at more than one pixel.
  const other = steps.findIndex((step) => step.constructor !== Normalize);
  const scaling = other < 0 ? steps : steps.slice(0, other);
  const apply = (x: Tensor, some: readonly BatchStep[]): Tensor => some.reduce((image, step) => step.batch(image), x);
  return {
    table: (channels) =>
      core.scope(() => {
        const bytes = Uint8Array.from({ length: 256 * channels }, (_, i) => i % 256);
        const pixels = core.u8ToF32(core.fromData(bytes, [1, channels, 256, 1], "uint8"));
        return core.reshape(apply(wrap(pixels), scaling).core, [channels, 256]);
      }),
    rest: (images) => apply(images, steps.slice(scaling.length)),
  };
}

type BatchStep = Required<Transform<Tensor, Tensor>>;
