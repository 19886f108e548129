/** `learningRate` as `learning_rate`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `learning_rate` as `learningRate`. */
export const camel = (name: string): string =>
  name.replace(/([^_])_(\w)/g, (_, before: string, letter: string) => before + letter.toUpperCase());

/** Edits that turn one name into the other: letters put in, left out, exchanged, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(exchanged, (row[j] as number) + 1, (next[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j] as number, (before[j - 2] as number) + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}

/** The known name that `name` was probably meant to be; undefined when none is near. Case and underscores count little. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll("_", "");
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 0.5;
  for (const candidate of known) {
    const cost = distance(plain(name), plain(candidate)) + (candidate.toLowerCase() === name.toLowerCase() ? 0 : 0.1);
    const startsAlike = name.length > 2 && plain(candidate).startsWith(plain(name));
    const total = startsAlike ? Math.min(cost, 1.2) : cost;
    if (total < least) [best, least] = [candidate, total];
  }
  return best;
}
