// Special functions in f64: what the expressions of that name mean. Plain series, fractions and sums, as long as needed.
import { erf } from "./reference_math.js";

const { abs, cos, exp, floor, log, log1p, PI, sin, sqrt, SQRT1_2 } = Math;
const inf = Number.POSITIVE_INFINITY;

/** sqrt(pi) e^(x^2) erfc(x) for x >= 3 as one over a continued fraction. */
function tail(x: number): number {
  let fraction = x;
  for (let n = 80; n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 / fraction;
}

export function erfc(x: number): number {
  return x < 3 || Number.isNaN(x) ? 1 - erf(x) : (exp(-x * x) / sqrt(PI)) * tail(x);
}

export function erfcx(x: number): number {
  if (x < 0) return 2 * exp(x * x) - erfcx(-x);
  return x < 3 ? exp(x * x) * erfc(x) : tail(x) / sqrt(PI);
}

export function logNdtr(x: number): number {
  if (x < -5) return log(erfcx(-x * SQRT1_2) / 2) - (x * x) / 2;
  return x > 0 ? log1p(-erfc(x * SQRT1_2) / 2) : log(erfc(-x * SQRT1_2) / 2);
}

/** Inverse of the normal distribution, by bisection of its lower half. */
export function ndtri(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -inf : p === 1 ? inf : Number.NaN;
  if (p > 0.5) return -ndtri(1 - p);
  let [low, high] = [-14, 0];
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if (erfc(-middle * SQRT1_2) / 2 < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** sin(pi x), exact at whole numbers. */
const sinPi = (x: number): number => sin(PI * (x - Math.round(x))) * (Math.round(x) % 2 === 0 ? 1 : -1);
const isPole = (x: number): boolean => x <= 0 && floor(x) === x;

/** log |gamma(x)|: Stirling's series from 20 on, products before, reflection of negative numbers. */
export function lgamma(x: number): number {
  if (isPole(x)) return inf;
  if (x < 0) return log(PI / abs(x * sinPi(x))) - lgamma(-x);
  if (x === inf) return inf;
  if (abs(x - 1) < 1e-3 || abs(x - 2) < 1e-3) return lgammaNear(x < 1.5 ? 1 : 2, x);
  let product = 1;
  while (x < 20) product *= x++;
  return (
    (x - 0.5) * log(x) - x + log(2 * PI) / 2 + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5) - log(product)
  );
}

/** Taylor's series at a zero: the coefficients are polygammas. */
function lgammaNear(zero: 1 | 2, x: number): number {
  const h = x - zero;
  return (
    h * (digamma(zero) + h * (polygamma(1, zero) / 2 + h * (polygamma(2, zero) / 6 + (h * polygamma(3, zero)) / 24)))
  );
}

export function digamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? inf : -inf;
  if (isPole(x)) return Number.NaN;
  if (x < 0) return digamma(-x) - 1 / x - (PI * cos(PI * (x - Math.round(x)))) / sin(PI * (x - Math.round(x)));
  let sum = 0;
  for (; x < 20; x++) sum -= 1 / x;
  const z = 1 / (x * x);
  return sum + log(x) - 1 / (2 * x) - z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z / 240)));
}

/** Hurwitz' sum, its rest by Euler and Maclaurin. */
export function zeta(s: number, q: number): number {
  if (!(s > 1) || Number.isNaN(q)) return s === 1 ? inf : Number.NaN;
  if (isPole(q)) return inf;
  if (q < 0 && floor(s) !== s) return Number.NaN;
  if (q === inf) return 0;
  let sum = 0;
  for (; q < 30 + s; q++) sum += q ** -s;
  const rest = q / (s - 1) + 1 / 2 + s / (12 * q) - (s * (s + 1) * (s + 2)) / (720 * q ** 3);
  return sum + q ** -s * (rest + (s * (s + 1) * (s + 2) * (s + 3) * (s + 4)) / (30240 * q ** 5));
}

export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return (n % 2 === 0 ? -1 : 1) * factorial * zeta(n + 1, x);
}

/** Mean of f over a whole turn: exact for periodic f but for terms beyond the number of points. */
function meanOverTurn(f: (angle: number) => number, points: number): number {
  let sum = 0;
  for (let i = 0; i < points; i++) sum += f((2 * PI * i) / points);
  return sum / points;
}

/** Modified Bessel function of the first kind, of order 0 or 1; `scaled` by e^-|x|. */
export function besselI(order: 0 | 1, x: number, scaled = false): number {
  if (abs(x) === inf) return scaled ? 0 : order === 1 ? x : inf;
  if (order === 1 && x === 0) return x;
  const size = abs(x);
  const mean = meanOverTurn((angle) => exp(size * (cos(angle) - 1)) * cos(order * angle), 200 + Math.ceil(size));
  return (order === 1 && x < 0 ? -mean : mean) * (scaled ? 1 : exp(size));
}

/** Bessel function of the first kind, of order 0 or 1. */
export function besselJ(order: 0 | 1, x: number): number {
  if (abs(x) === inf) return 0;
  return meanOverTurn((angle) => cos(order * angle - x * sin(angle)), 200 + 2 * Math.ceil(abs(x)));
}

/** Lower and upper incomplete gamma function, regularised: the smaller one by its series or fraction. */
function incompleteGamma(a: number, x: number): [lower: number, upper: number] {
  if (Number.isNaN(a + x) || a < 0 || x < 0 || (a === 0 && x === 0)) return [Number.NaN, Number.NaN];
  if (a === inf || x === inf) return a === x ? [Number.NaN, Number.NaN] : a === inf ? [0, 1] : [1, 0];
  if (a === 0) return [1, 0];
  if (x === 0) return [0, 1];
  const scale = exp(a * log(x) - x - lgamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 20_000; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return [sum * scale, 1 - sum * scale];
  }
  // Lentz' way to go through the fraction.
  let b = x + 1 - a;
  let c = inf;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 20_000; n++) {
    b += 2;
    d = 1 / (b - n * (n - a) * d);
    c = b - (n * (n - a)) / c;
    h *= c * d;
    if (abs(c * d - 1) < 1e-16) break;
  }
  return [1 - h * scale, h * scale];
}

export const gammaLower = (a: number, x: number): number => incompleteGamma(a, x)[0];
export const gammaUpper = (a: number, x: number): number => incompleteGamma(a, x)[1];

export function relativeEntropy(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x > 0 && y > 0) return x * log(x / y);
  return x === 0 && y >= 0 ? 0 : inf;
}

/** Polynomials by p(k + 1) = (a(k) x + b(k)) p(k) - c(k) p(k - 1), from 1 and p(1). */
function byRecurrence(n: number, first: number, step: (k: number, p: number, before: number) => number): number {
  if (!(n > -1) || n === inf) return 0;
  if (n >= 100_000) return Number.NaN;
  let [p, next] = [1, first];
  for (let k = 1; k <= floor(n); k++) [p, next] = [next, step(k, next, p)];
  return p;
}

/** Chebyshev's polynomials, of which that of degree 1 is slope x + start. */
export const chebyshev = (x: number, n: number, slope: number, start: number): number =>
  byRecurrence(n, slope * x + start, (_, p, before) => 2 * x * p - before);
/** Hermite's polynomials: the physicists' with scale 2, the probabilists' with 1. */
export const hermite = (x: number, n: number, scale: number): number =>
  byRecurrence(n, scale * x, (k, p, before) => scale * (x * p - k * before));
export const laguerre = (x: number, n: number): number =>
  byRecurrence(n, 1 - x, (k, p, before) => ((2 * k + 1 - x) * p - k * before) / (k + 1));
export const legendre = (x: number, n: number): number =>
  byRecurrence(n, x, (k, p, before) => ((2 * k + 1) * x * p - k * before) / (k + 1));
