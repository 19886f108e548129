// Objects that are called like functions: `layer(x)` runs the method `__call__`.
import { UnsupportedError } from "@facet/autograd";

// biome-ignore lint/suspicious/noExplicitAny: every module has inputs and outputs of its own.
type Any = any;

/** Base of what is called: of modules, streams of keys and the like. */
export interface Callable {
  (...inputs: Parameters<this["__call__"]>): ReturnType<this["__call__"]>;
  toString(): string;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export class Callable {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: only a function can be called.
    return blank(new.target.prototype) as unknown as this;
  }

  /** The computation: subclasses override it, and users call the object itself. */
  __call__(..._inputs: Any[]): Any {
    throw new UnsupportedError({
      op: this.constructor.name,
      argument: "__call__",
      expected: "a method of the class",
      given: "none: the object is not callable",
    });
  }
}

/** An object of a class whose constructor has not run. */
export function blank<T extends { __call__(...inputs: Any[]): Any }>(prototype: T): T {
  const call = (...inputs: unknown[]): unknown => object.__call__(...inputs);
  // An arrow function's own properties would hide fields of the same names.
  for (const name of ["name", "length"]) Reflect.deleteProperty(call, name);
  const object = Object.setPrototypeOf(call, prototype) as T;
  return object;
}
