// Normalisations of all examples of a vmap at once.
import type { Tensor } from "../tensor.js";
import type { BatchedCall } from "../vmap/call.js";
import { allBatched, mergedInto, splitFrom } from "../vmap/rules.js";

type Inputs = Readonly<Record<string, Tensor | undefined>> & { readonly x: Tensor };
interface Attrs {
  readonly axis: number;
  readonly groups?: number;
}

/** Every example's channels are channels of their own. */
export function asMoreChannels<I extends Inputs, A extends Attrs>(
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  attrs: A,
  size: number,
): BatchedCall<I, A> {
  const all = allBatched(inputs, isBatched, size);
  const at = attrs.axis < 0 ? attrs.axis + all.x.rank - 1 : attrs.axis;
  const merged = Object.entries(all).map(([name, x]) => [name, x && mergedInto(x, name === "x" ? at : 0)]);
  return {
    inputs: Object.fromEntries(merged),
    attrs: attrs.groups === undefined ? attrs : { ...attrs, groups: size * attrs.groups },
    // Of statistics channels are the last dimension.
    finish: (y, name) => splitFrom(y, name === "y" ? at : y.rank - 1, size),
  };
}

/** Of those that treat every n by itself: more of these, unless examples have scales or statistics of their own. */
export function asMoreRowsOrChannels<I extends Inputs, A extends Attrs>(
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  attrs: A,
  size: number,
): BatchedCall<I, A> {
  const { x, ...given } = inputs;
  if (Object.keys(given).some(isBatched)) return asMoreChannels(inputs, isBatched, attrs, size);
  return { inputs: { ...inputs, x: mergedInto(x, 0) }, attrs, finish: (y) => splitFrom(y, 0, size) };
}
