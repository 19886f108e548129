import { ArgumentError } from "@facet/kernels-wgsl";
import type { Tensor } from "./tensor.js";

/** Objects that wrap tensors (a dialect's own array class) say which, so that scopes can find what a function returns. */
export const tensorsOf = Symbol("facet.tensorsOf");

export interface HoldsTensors {
  [tensorsOf](): Iterable<Tensor>;
}

let innermost: Set<Tensor> | undefined;
/** Scopes under way, the outermost first. */
const open: Set<Tensor>[] = [];

/** Enters a new tensor into the innermost scope. */
export function adopt(tensor: Tensor): Tensor {
  innermost?.add(tensor);
  return tensor;
}

/** Takes tensors out of every scope: they live until disposed or collected. Returns what it was given. */
export function keep<T>(value: T): T {
  for (const tensor of findTensors(value)) for (const each of open) each.delete(tensor);
  return value;
}

/**
 * Runs `body` and frees every tensor made in it, except those it returns (in arrays, objects, maps and wrappers), which
 * pass to the scope around. What the tape saved lives on. `body` must be synchronous: an await would let other code in.
 */
export function scope<T>(body: () => T): T {
  const outer = innermost;
  const own = new Set<Tensor>();
  innermost = own;
  open.push(own);
  let result: T;
  try {
    result = body();
    if (result instanceof Promise) {
      throw new ArgumentError({
        op: "scope",
        argument: "body",
        expected: "a synchronous function",
        given: "one that returned a promise",
      });
    }
    for (const tensor of findTensors(result)) {
      if (own.delete(tensor)) outer?.add(tensor);
    }
  } finally {
    innermost = outer;
    open.pop();
    for (const tensor of own) tensor.dispose("freed at the end of its scope; return it, or keep() it, to use it later");
  }
  return result;
}

/** Runs `body` outside every scope: what it makes lives until disposed or collected. For parameters and optimiser state. */
export function unscoped<T>(body: () => T): T {
  const outer = innermost;
  innermost = undefined;
  try {
    return body();
  } finally {
    innermost = outer;
  }
}

function isTensor(value: object): value is Tensor {
  return "storage" in Object.getPrototypeOf(value) && "view" in Object.getPrototypeOf(value);
}

/** Every tensor in nested arrays, plain objects, maps, sets and wrappers. */
export function findTensors(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  collect(value, found);
  return found;
}

// A list and no generator: every scope looks through its result.
function collect(value: unknown, found: Tensor[]): void {
  if (typeof value !== "object" || value === null) return;
  if (tensorsOf in value) {
    for (const tensor of (value as HoldsTensors)[tensorsOf]()) found.push(tensor);
    return;
  }
  if (Array.isArray(value) || value instanceof Set) {
    for (const part of value) collect(part, found);
    return;
  }
  if (value instanceof Map) {
    for (const part of value.values()) collect(part, found);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    for (const part of Object.values(value)) collect(part, found);
  } else if (isTensor(value)) {
    found.push(value);
  }
}
