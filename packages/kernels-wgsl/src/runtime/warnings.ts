const said = new Set<string>();

/** Tells the user of something that was ignored or replaced and does not stop the program; the same text once. */
export function warn(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console.warn(`facet: ${text}`);
}
