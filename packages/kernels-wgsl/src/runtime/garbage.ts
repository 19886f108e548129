let collector: (() => void) | undefined;

/** The Node entry puts V8's collector here. */
export function setGarbageCollector(collect: () => void): void {
  collector = collect;
}

/** Asks for a garbage collection where the host allows it; in a browser it does nothing. */
export function collectGarbage(): void {
  collector?.();
}
