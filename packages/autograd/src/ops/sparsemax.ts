import { ArgumentError, formatShape } from "@facet/kernels-wgsl";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { arange } from "./create.js";
import { add, cast, div, greater, mul, sub, where } from "./elementwise.js";
import { max, sum } from "./reduce.js";
import { cumsum } from "./scan.js";
import { reshape } from "./shape.js";
import { sort } from "./sort.js";

/**
 * The distribution along an axis that is nearest to x: many of its elements are exactly 0. Martins and Astudillo (2016). The
 * gradient is dy less its mean, over what is not 0.
 */
export function sparsemax(x: Tensor, axis = -1): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const extent = x.shape[at];
  if (extent === undefined || !Number.isInteger(axis)) {
    const expected = `an axis of ${formatShape(x.shape)}`;
    throw new ArgumentError({ op: "sparsemax", argument: "axis", expected, given: `${axis}` });
  }
  if (x.size === 0) return mul(x, 1);
  const over = { axes: [at], keepdims: true };
  // Which elements take part decides about the result and not about its slope.
  const support = noGrad(() => {
    const shifted = sub(x, max(x, over));
    const [ordered] = sort(shifted, { axis: at, descending: true });
    const place = reshape(arange(1, extent + 1), [extent, ...x.shape.slice(at + 1).map(() => 1)]);
    const total = cumsum(ordered, { axis: at });
    const held = greater(add(mul(place, ordered), 1), total);
    const bound = div(sub(sum(where(held, ordered, 0), over), 1), sum(cast(held, "float32"), over));
    return greater(shifted, bound);
  });
  const count = sum(cast(support, "float32"), over);
  const bound = div(sub(sum(where(support, x, 0), over), 1), count);
  return where(support, sub(x, bound), 0);
}
