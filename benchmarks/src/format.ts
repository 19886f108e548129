// How numbers are written, in tables, charts and sentences alike.

/** Three significant digits, whole numbers from a thousand on; "-" where there is no number. */
export const digits = (value: number, count = 3): string =>
  Number.isFinite(value) ? (value >= 1000 ? value.toFixed(0) : value.toPrecision(count)) : "-";

export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** "1 epoch", "34 826 parameters". */
export const count = (number: number, noun: string): string =>
  `${`${number}`.replace(/\B(?=(\d{3})+$)/g, "\u00a0")} ${noun}${number === 1 ? "" : "s"}`;

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
