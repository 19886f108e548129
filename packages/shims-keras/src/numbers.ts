// Numbers as Python rounds and prints them: halves go to the even neighbour, where JavaScript takes the larger.

/** To the nearest integer, halves to the even one. */
export function roundEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** `f"{value:.{digits}f}"`. */
export function fixed(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  // A half in decimal is a multiple of 2^-(digits + 1), and only then is the product exact.
  const half = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(scaled % 1) === 0.5;
  return half ? (roundEven(scaled) / 10 ** digits).toFixed(digits) : value.toFixed(digits);
}
