import type { Storage } from "../storage.js";
import type { Tensor } from "../tensor.js";

/** Inputs that share memory, which takes one slot of the plan. */
export interface InputGroup {
  readonly storage: Storage;
  /** Their places among the inputs. */
  readonly members: number[];
  /** Bytes in the storage from which the slot begins and at which it ends. */
  offset: number;
  end: number;
}

/** Inputs by the memory they lie in, in order of first mention. */
export function groupByStorage(inputs: readonly Tensor[]): InputGroup[] {
  const groups = new Map<Storage, InputGroup>();
  for (const [i, { place }] of inputs.entries()) {
    const { storage, offset, bytes } = place;
    const group = groups.get(storage);
    if (!group) {
      groups.set(storage, { storage, members: [i], offset, end: offset + bytes });
      continue;
    }
    group.members.push(i);
    group.offset = Math.min(group.offset, offset);
    group.end = Math.max(group.end, offset + bytes);
  }
  return [...groups.values()];
}

/** Everything about inputs that a plan is made for: dtypes, shapes, and which lie in one memory, how far apart. */
export function signatureOf(inputs: readonly Tensor[], groups: readonly InputGroup[]): string {
  let text = "";
  for (const { members, offset } of groups) {
    for (const i of members) {
      const { dtype, shape, offset: start } = inputs[i] as Tensor;
      text += `${i}:${dtype}[${shape}]@${start - offset};`;
    }
    text += "/";
  }
  return text;
}
