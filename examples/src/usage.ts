// What programs share in reading a command line.

/** A mistake in the command line. */
export class UsageError extends Error {}

/** A whole number of at least `least`, or undefined where nothing is given. */
export function whole(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name}: expected a whole number of at least ${least}, got "${text}"`);
}

export function oneOf<const T extends string>(name: string, text: string, names: readonly T[]): T {
  if ((names as readonly string[]).includes(text)) return text as T;
  throw new UsageError(`--${name}: expected ${names.join(", ")}, got "${text}"`);
}
