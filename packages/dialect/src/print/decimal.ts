// Numbers as decimals, rounded as C and Python round them: on the exact value, ties to the even digit.

/** Digits and exponent of the shortest decimal that reads back as the number: d.ddd times ten to the exponent. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Enough digits to tell a tie from a number beside it: more than a float32 has, and JavaScript's most. */
const MANY = 100;

/** `{:.3e}` of Python: a leading digit, a fraction of `fraction` digits, an exponent of two or more. */
export function scientific(value: number, fraction: number): string {
  const [mantissa, exponent] = roundedExponential(value, fraction).split("e") as [string, string];
  return `${Object.is(value, -0) ? "-" : ""}${mantissa}e${exponentText(Number(exponent), 2)}`;
}

/** `{:.3f}` of Python for magnitudes below 1e21. */
export function fixed(value: number, fraction: number): string {
  const text = value.toFixed(fraction);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return (
    sign +
    (isTie(value.toFixed(Math.min(MANY, fraction + 1))) ? evenFixed(value, fraction, text) : text).replace("-", "")
  );
}

/** JavaScript rounds ties away from zero. */
const isTie = (withOneMore: string): boolean => withOneMore.endsWith("5");

function evenFixed(value: number, fraction: number, up: string): string {
  const exact = value.toFixed(MANY);
  const cut = exact.length - MANY + fraction;
  if (!/^50*$/.test(exact.slice(cut))) return up;
  const down = exact.slice(0, fraction === 0 ? cut - 1 : cut);
  return Number(down.at(-1)) % 2 === 0 ? down : up;
}

function roundedExponential(value: number, fraction: number): string {
  const up = value.toExponential(fraction);
  const [more] = value.toExponential(fraction + 1).split("e") as [string];
  if (!isTie(more)) return up;
  const [exact, exponent] = value.toExponential(MANY).split("e") as [string, string];
  const cut = exact.length - MANY + fraction;
  if (!/^50*$/.test(exact.slice(cut))) return up;
  const down = exact.slice(0, fraction === 0 ? cut - 1 : cut);
  return Number(down.at(-1)) % 2 === 0 ? `${down}e${exponent}` : up;
}

/** `+05`, `-12`: a sign and at least `digits` digits. */
export function exponentText(exponent: number, digits: number): string {
  return `${exponent < 0 ? "-" : "+"}${`${Math.abs(exponent)}`.padStart(digits, "0")}`;
}

/** The shortest decimal that is this float and no other; `single` says that it is a float32. */
export function shortest(value: number, single: boolean): Decimal {
  const negative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  let text = size.toExponential();
  // Nine digits tell every float32 from its neighbours.
  for (let fraction = 0; single && fraction < 9; fraction++) {
    text = size.toExponential(fraction);
    if (Math.fround(Number(text)) === size) break;
  }
  const [mantissa, exponent] = text.split("e") as [string, string];
  return { negative, digits: mantissa.replace(".", "").replace(/0+$/, "") || "0", exponent: Number(exponent) };
}
