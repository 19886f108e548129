import { ArgumentError, ShapeError } from "@facet/kernels-wgsl";
import { scope } from "../scope.js";
import { sameValue } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { BatchedTensor, batched, newLevel } from "./batched_tensor.js";
import { activeLevels, moveAxis, stripped } from "./levels.js";

/** What a function under vmap returns: its outputs, along which axis their examples go (undefined: the same for all), and anything else. */
export interface MappedResult<R> {
  readonly outputs: readonly Tensor[];
  readonly axes: readonly (number | undefined)[];
  readonly rest: R;
}

/**
 * Calls `f` once and computes what calling it for every example would: each input is split along its axis (undefined: given whole to
 * every example), and each output gets an axis of examples. `given` says how many there are where no input
 * does. `name` is what
 * `ofAllExamples` calls the axis. Maps may nest, and
 * mix with every other transform and capture. `f` may not look at values.
 *
 * @throws ShapeError when inputs have different numbers of examples; ArgumentError when an output that is said to be the same for
 * all is not.
 */
export function vmap<R>(
  inputs: readonly Tensor[],
  axes: readonly (number | undefined)[],
  f: (examples: Tensor[], count: number) => MappedResult<R>,
  given?: number,
  name?: string,
): { outputs: Tensor[]; rest: R } {
  const size = examplesOf(inputs, axes, given);
  const here = { level: newLevel(), size, name };
  return scope(() => {
    const examples = inputs.map((x, i) => {
      const axis = axes[i];
      return axis === undefined ? x : batched(moveAxis(x, place("inputs", i, x, axis), 0), here.level);
    });
    activeLevels.push(here);
    let result: MappedResult<R>;
    try {
      result = f(examples, size);
    } finally {
      activeLevels.pop();
    }
    const outputs = result.outputs.map((output, i) => {
      const axis = result.axes[i];
      if (axis === undefined) return sameForAll(output, here.level, i);
      // A handle of its own: that of a batched tensor goes with it.
      const all = sameValue(stripped(output, here));
      return moveAxis(all, 0, place("outputs", i, all, axis));
    });
    return { outputs, rest: result.rest };
  });
}

function sameForAll(output: Tensor, level: number, i: number): Tensor {
  for (let at = output; at instanceof BatchedTensor; at = at.physical) {
    if (at.level !== level) continue;
    const expected = "a value that is the same for every example, as no axis is given for it";
    throw new ArgumentError({ op: "vmap", argument: `outputs[${i}]`, expected, given: "one that is not" });
  }
  return output;
}

function place(argument: string, i: number, x: Tensor, axis: number): number {
  const at = axis < 0 ? axis + x.rank : axis;
  if (Number.isInteger(at) && at >= 0 && at < x.rank) return at;
  throw new ArgumentError({
    op: "vmap",
    argument: `axes of ${argument}[${i}]`,
    expected: `an axis of a tensor of ${x.rank} dimensions`,
    given: `${axis}`,
  });
}

function examplesOf(
  inputs: readonly Tensor[],
  axes: readonly (number | undefined)[],
  given: number | undefined,
): number {
  let first: { i?: number; extent: number } | undefined = given === undefined ? given : { extent: given };
  for (const [i, x] of inputs.entries()) {
    const axis = axes[i];
    if (axis === undefined) continue;
    const extent = x.shape[place("inputs", i, x, axis)] as number;
    first ??= { i, extent };
    if (extent === first.extent) continue;
    throw new ShapeError({
      op: "vmap",
      argument: `inputs[${i}]`,
      expected: `${first.extent} examples along axis ${axis}${first.i === undefined ? "" : `, as inputs[${first.i}] has`}`,
      given: `${extent}`,
    });
  }
  if (first) return first.extent;
  throw new ArgumentError({ op: "vmap", argument: "axes", expected: "an axis for one input at least", given: "none" });
}
