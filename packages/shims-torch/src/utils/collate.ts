import { UnsupportedError } from "@facet/autograd";
import { float32, int64 } from "../dtype.js";
import { tensor } from "../ops/creation.js";
import { stack } from "../ops/shape.js";
import { isKeywords } from "../signature.js";
import { Tensor } from "../tensor.js";

/**
 * A batch of samples as PyTorch makes it: tensors are stacked, numbers become a tensor (int64 when all are whole), lists and
 * objects are gone through element by element, strings stay a list.
 */
export function default_collate(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (first instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof first === "boolean") return tensor(samples as boolean[]);
  if (typeof first === "number")
    return tensor(samples as number[], { dtype: samples.every(Number.isInteger) ? int64 : float32 });
  if (typeof first === "string") return [...samples];
  if (Array.isArray(first))
    return first.map((_, i) => default_collate(samples.map((sample) => (sample as unknown[])[i])));
  if (isKeywords(first)) {
    return Object.fromEntries(
      Object.keys(first).map((key) => [
        key,
        default_collate(samples.map((sample) => (sample as Record<string, unknown>)[key])),
      ]),
    );
  }
  throw new UnsupportedError({
    op: "default_collate",
    argument: "samples",
    expected:
      "tensors, numbers, booleans, strings, and lists or objects of them (an image needs a transform: ToTensor)",
    given: first === null ? "null" : typeof first === "object" ? (first?.constructor?.name ?? "object") : typeof first,
  });
}
