import * as core from "@facet/autograd";
import { ShapeError } from "@facet/autograd";
import { type JaxArray, run } from "@facet/shims-jax/parts";

/** Keys or values [..., length, heads, width] with those of one place, [..., 1, heads, width], at an index. */
export function placed(fn: string, cache: JaxArray, now: JaxArray, index: number): JaxArray {
  const expected = [...cache.shape.slice(0, -3), 1, ...cache.shape.slice(-2)];
  if (`${expected}` !== `${now.shape}`)
    throw new ShapeError({
      op: fn,
      argument: "inputs_q",
      expected: `one place: [${expected}]`,
      given: `[${now.shape}]`,
    });
  return run(() => {
    const length = cache.shape.at(-3) as number;
    const here = core.equal(
      core.reshape(core.arange(0, length), [length, 1, 1]),
      core.hostScalar(() => index, "int32"),
    );
    return core.where(here, now.core, cache.core);
  });
}
