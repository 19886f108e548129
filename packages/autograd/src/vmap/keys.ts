// Random keys of which every example of a vmap has one of its own.
import type { Key } from "../random.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { BatchedTensor, batched, innermostOf } from "./batched_tensor.js";
import { activeLevels, axes } from "./levels.js";

/** A key of its own for each example of a vmap. */
export class MappedKey {
  readonly keys: readonly AnyKey[];
  readonly level: number;

  constructor(keys: readonly AnyKey[], level: number) {
    this.keys = keys;
    this.level = level;
  }
}

/** A key, or one for each example. */
export type AnyKey = Key | MappedKey;

/** One key for each example of the vmap under way, the innermost of several: what a function under `vmap` maps keys with. */
export function mappedKey(keys: readonly AnyKey[]): MappedKey {
  return new MappedKey(keys, activeLevels.at(-1)?.level as number);
}

/** A key's own keys of the vmap under way; undefined where it is the same for all of its examples. */
export function keysOfExamples(key: AnyKey): readonly AnyKey[] | undefined {
  return key instanceof MappedKey && key.level === activeLevels.at(-1)?.level ? key.keys : undefined;
}

/** Keys made of a key, those of every example by themselves. */
export function keysFrom(key: AnyKey, make: (own: Key) => readonly Key[]): AnyKey[] {
  if (!(key instanceof MappedKey)) return [...make(key)];
  const all = key.keys.map((own) => keysFrom(own, make));
  return (all[0] ?? []).map(
    (_, i) =>
      new MappedKey(
        all.map((made) => made[i] as AnyKey),
        key.level,
      ),
  );
}

/**
 * A draw of a key and parameters in which examples differ is one draw for each: with the bits that the example would draw alone. All else
 * that is made of it is made at once.
 */
export function drawnByExample(
  key: AnyKey,
  parameters: readonly Tensor[],
  draw: (key: Key, parameters: readonly Tensor[]) => Tensor,
): Tensor {
  const inner = innermostOf(parameters);
  const level = Math.max(inner?.level ?? 0, key instanceof MappedKey ? key.level : 0);
  if (level === 0) return draw(key as Key, parameters);
  return scope(() => {
    const keys = key instanceof MappedKey && key.level === level ? key.keys : undefined;
    const count = keys?.length ?? (inner as BatchedTensor).examples;
    const own = (x: Tensor, e: number): Tensor =>
      x instanceof BatchedTensor && x.level === level ? axes.pick(x.physical, e) : x;
    const draws = Array.from({ length: count }, (_, e) =>
      drawnByExample(
        keys?.[e] ?? key,
        parameters.map((x) => own(x, e)),
        draw,
      ),
    );
    return batched(axes.stack(draws), level);
  });
}
