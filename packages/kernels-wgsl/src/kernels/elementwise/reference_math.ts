// Functions in f64 that JavaScript has not, or defines otherwise than numpy: what the expressions mean.

/** Error function: its series near 0, Laplace's continued fraction beyond. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 3) {
    let sum = x;
    for (let n = 1, term = x; n < 60; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (Number.isNaN(x) || size > 7) return Number.isNaN(x) ? x : Math.sign(x);
  let fraction = size;
  for (let n = 80; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction);
}

/** Inverse of `erf`, by bisection. */
export function erfinv(y: number): number {
  if (!(Math.abs(y) < 1)) return Math.abs(y) === 1 ? y * Number.POSITIVE_INFINITY : Number.NaN;
  if (y === 0) return y;
  let [low, high] = [-7, 7];
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if (erf(middle) < y) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** C's pow: JavaScript differs for a base of 1 and an exponent that is NaN or infinite. */
export function power(x: number, exponent: number): number {
  return x === 1 || (x === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) ? 1 : x ** exponent;
}

/** Remainder with the sign of the divisor, as Python's %. */
export function floorMod(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** floor(a / b) of the exact quotient, by the remainder, as Python's //. */
export function floorDivide(a: number, b: number): number {
  const rest = a % b;
  if (b === 0) return a / b;
  return Math.round((a - rest) / b) - Number(rest !== 0 && rest < 0 !== b < 0);
}

export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Exponent of a float32: 2^e <= |x| < 2^(e + 1); 128 of infinity and NaN, -127 of 0 and subnormal numbers. */
export const exponentOf = (x: number): number =>
  (((new Uint32Array(Float32Array.of(x).buffer)[0] as number) >>> 23) % 256) - 127;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
