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
  const owners: { readonly constructor: { readonly name: string } }[] = [];
  for (
    let owner = Object.getPrototypeOf(object);
    owner && owner !== base.prototype && !seen.has(owner);
    owner = Object.getPrototypeOf(owner)
  )
    owners.push(owner);
  for (const owner of owners) {
    for (const [name, instead] of Object.entries(hooks)) {
      if (Object.hasOwn(owner, name))
        throw new UnsupportedError({
          op: owner.constructor.name,
          argument: name,
          expected: instead,
          given: "a method that is never called",
        });
    }
  }
  for (const owner of owners) seen.add(owner);
}
