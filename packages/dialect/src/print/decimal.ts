// Numbers as decimals, rounded as C and Python round them: on the exact value, ties to the even digit.
import { decode, encode } from "@facet/autograd";

/** Digits and exponent of the shortest decimal that reads back as the number: d.ddd times ten to the exponent. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Enough digits to tell a tie from a number beside it: more than a float32 has, and JavaScript's most. */
const MANY = 100;

const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);
const signOf = (value: number): string => (isNegative(value) ? "-" : "");

/** `{:.3e}` of Python: a leading digit, a fraction of `fraction` digits, an exponent of two or more. */
export function scientific(value: number, fraction: number): string {
  const parts = (digits: number) => Math.abs(value).toExponential(digits).split("e") as [string, string];
  const [up, carried] = parts(fraction);
  const [more, exponent] = parts(fraction + 1);
  const down = more.endsWith("5") ? halfwayDown(parts(MANY)[0], fraction) : undefined;
  return `${signOf(value)}${down ?? up}e${exponentText(Number(down === undefined ? carried : exponent), 2)}`;
}

/** `{:.3f}` of Python for magnitudes below 1e21. */
export function fixed(value: number, fraction: number): string {
  const text = (digits: number): string => Math.abs(value).toFixed(digits);
  const down = text(fraction + 1).endsWith("5") ? halfwayDown(text(MANY), fraction) : undefined;
  return signOf(value) + (down ?? text(fraction));
}

/**
 * JavaScript rounds ties away from zero: `exact` (with a fraction of MANY digits) cut to `fraction` digits, where it lies
 * halfway and that leaves an even digit.
 */
function halfwayDown(exact: string, fraction: number): string | undefined {
  const cut = exact.length - MANY + fraction;
  if (!/^50*$/.test(exact.slice(cut))) return undefined;
  const down = exact.slice(0, fraction === 0 ? cut - 1 : cut);
  return Number(down.at(-1)) % 2 === 0 ? down : undefined;
}

/** `+05`, `-12`: a sign and at least `digits` digits. */
export function exponentText(exponent: number, digits: number): string {
  return `${exponent < 0 ? "-" : "+"}${`${Math.abs(exponent)}`.padStart(digits, "0")}`;
}

/** Bits of a float. */
export type Width = 16 | 32 | 64;

/** The float of a width that lies nearest to a number. */
export const ROUNDED: Readonly<Record<Width, (x: number) => number>> = {
  16: (x) => decode(encode([x], "float16").slice().buffer as ArrayBuffer, "float16", 1)[0] as number,
  32: Math.fround,
  64: (x) => x,
};

/** The shortest decimal that is this float of `width` bits and no other. */
export function shortest(value: number, width: Width): Decimal {
  const size = Math.abs(value);
  let text = size.toExponential();
  // Nine digits tell every float32 from its neighbours.
  for (let fraction = 0; width < 64 && fraction < 9; fraction++) {
    text = size.toExponential(fraction);
    if (ROUNDED[width](Number(text)) === size) break;
  }
  const [mantissa, exponent] = text.split("e") as [string, string];
  return {
    negative: isNegative(value),
    digits: mantissa.replace(".", "").replace(/0+$/, "") || "0",
    exponent: Number(exponent),
  };
}
