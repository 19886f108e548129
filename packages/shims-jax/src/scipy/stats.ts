// jax.scipy.stats.
import "../start.js";
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { bool, int, namespace, only } from "@facet/dialect";
import { arrayLike, declared } from "../arguments.js";
import { type ArrayLike, inexact, run } from "../array.js";
import { axisOf } from "../numpy/axes.js";
import * as continuous from "./stats_continuous.js";
import * as discrete from "./stats_discrete.js";
import * as several from "./stats_several.js";

/** The deviation of a mean: the standard deviation over the root of the number of elements. */
const sem = declared<[a: ArrayLike], [axis: number | null, ddof: number]>()(
  "jax.scipy.stats.sem",
  {
    a: arrayLike,
    axis: int.orNone.or(0),
    ddof: int.or(1),
    nan_policy: only("propagate"),
    "*": null,
    keepdims: bool.or(false),
  },
  ({ a, axis, ddof, keepdims }) =>
    run(() => {
      const given = inexact("sem", "a", a);
      const x: Tensor = axis === null ? core.reshape(given, [given.size]) : given;
      const at = axisOf("sem", axis ?? 0, x.rank);
      const n = x.shape[at] as number;
      const centred = core.sub(x, core.mean(x, { axes: at, keepdims: true }));
      const squares = core.sum(core.square(centred), { axes: at, keepdims });
      return core.sqrt(core.div(squares, (n - ddof) * n));
    }),
);

const spaces = <T extends Readonly<Record<string, object>>>(all: T): T =>
  Object.fromEntries(
    Object.entries(all).map(([name, members]) => [name, namespace(`jax.scipy.stats.${name}`, members)]),
  ) as T;
export const stats = namespace("jax.scipy.stats", {
  ...spaces(continuous),
  ...spaces(discrete),
  ...spaces(several),
  sem,
});
