import { observe } from "@facet/autograd";

/** Objects that are functions too, as Python's are that have `__call__`. A subclass says in `__call__` what calling it does. */
export abstract class Callable {
  constructor() {
    const self = (...args: unknown[]): unknown => made.__call__(...args);
    // A function's own name cannot be assigned to; its objects have names of their own.
    Reflect.deleteProperty(self, "name");
    Reflect.deleteProperty(self, "length");
    // Captured steps follow what they read of it.
    const made = observe(Object.setPrototypeOf(self, new.target.prototype) as Callable);
    // biome-ignore lint/correctness/noConstructorReturn: the only way to give a function the methods of a class.
    return made;
  }

  // biome-ignore lint/suspicious/noExplicitAny: every subclass takes what it takes.
  abstract __call__(...args: any[]): any;
}

// biome-ignore lint/suspicious/noExplicitAny: a class of any constructor.
type AnyClass = abstract new (...args: any[]) => any;

/** A class that may be called without `new`, as Python's are. */
export type WithoutNew<C extends AnyClass> = C & ((...args: ConstructorParameters<C>) => InstanceType<C>);

export function withoutNew<C extends AnyClass>(target: C): WithoutNew<C> {
  return new Proxy(target, {
    apply: (made, _this, args) => Reflect.construct(made, args),
  }) as WithoutNew<C>;
}

/** The name of a class as Keras knows it: its own `className` where it has one, since bundlers rename classes. */
export function classNameOf(target: { readonly name: string }): string {
  return Object.hasOwn(target, "className") ? (target as unknown as { className: string }).className : target.name;
}
