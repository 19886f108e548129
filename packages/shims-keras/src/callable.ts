import { observe, UnsupportedError } from "@facet/autograd";

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
/** A class that may be made, whether or not TypeScript lets its base be: Python has no abstract constructors. */
type Constructible<C extends AnyClass> = Pick<C, keyof C> &
  (new (
    ...args: ConstructorParameters<C>
  ) => InstanceType<C>);

/** A class that may be called without `new`, as Python's are. */
export type WithoutNew<C extends AnyClass> = Constructible<C> &
  ((...args: ConstructorParameters<C>) => InstanceType<C>);

/** The same where no more is said of the class than what it takes and makes. */
export type Makes<A extends readonly unknown[], T> = (new (...args: A) => T) & ((...args: A) => T);

/**
 * A class that may be called without `new`. Its constructor reads its own arguments; or `given` does, and gives it what it
 * takes: for classes that Facet makes in many places by itself.
 */
export function withoutNew<C extends AnyClass>(
  target: C,
  given: (args: readonly unknown[]) => readonly unknown[] = (args) => args,
): WithoutNew<C> {
  const made: WithoutNew<C> = new Proxy(target, {
    apply: (_target, _this, args) => Reflect.construct(target, given(args)),
    construct: (_target, args, newTarget) =>
      Reflect.construct(target, given(args), newTarget === made ? target : newTarget),
  }) as unknown as WithoutNew<C>;
  return made;
}

/** The name of a class as Keras knows it: its own `className` where it has one, since bundlers rename classes. */
export function classNameOf(target: { readonly name: string }): string {
  return Object.hasOwn(target, "className") ? (target as unknown as { className: string }).className : target.name;
}

/** Refuses an object whose class gives a hook of Keras' that nothing here would call: it would be ignored. */
export function refuseHooks(object: object, className: string, hooks: readonly string[]): void {
  const hook = hooks.find((name) => name in object);
  if (hook === undefined) return;
  const expected = "a class without it: Facet calls no such hook";
  throw new UnsupportedError({ op: className, argument: hook, expected, given: "one" });
}
