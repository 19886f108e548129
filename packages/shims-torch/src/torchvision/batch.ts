import type { Tensor } from "../tensor.js";
import { Compose, ToTensor, Transform, type TransformFunction } from "./transforms.js";

/**
 * The transform for a batch of images that ToTensor has made already, or undefined when it must see one image at a time:
 * ToTensor alone, or first in a Compose of transforms that know batches.
 */
export function batchTransform(transform: TransformFunction | null): ((images: Tensor) => Tensor) | undefined {
  const [first, ...rest] = transform instanceof Compose ? transform.transforms : [transform];
  if (!(first instanceof ToTensor)) return undefined;
  const steps = rest.map((step) => (step instanceof Transform && step.batch ? step : undefined));
  if (steps.includes(undefined)) return undefined;
  return (images) => steps.reduce((x, step) => (step as Required<Transform<Tensor, Tensor>>).batch(x), images);
}
