import { UnsupportedError } from "@facet/autograd";

const seen = new WeakSet<object>();

/**
 * Throws UnsupportedError when a subclass of `base` defines a method that PyTorch would call and Facet never does. `hooks` has
 * each with what to do instead.
 */
export function refuseHooks(
  object: object,
  base: { readonly prototype: object },
  hooks: Readonly<Record<string, string>>,
): void {
  for (
    let owner = Object.getPrototypeOf(object);
    owner && owner !== base.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    if (seen.has(owner)) return;
    for (const [name, instead] of Object.entries(hooks)) {
      if (Object.hasOwn(owner, name))
        throw new UnsupportedError({
          op: (owner as { constructor: { name: string } }).constructor.name,
          argument: name,
          expected: instead,
          given: "a method that is never called",
        });
    }
  }
  for (
    let owner = Object.getPrototypeOf(object);
    owner && owner !== base.prototype;
    owner = Object.getPrototypeOf(owner)
  )
    seen.add(owner);
}
