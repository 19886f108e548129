/** Tolerance as numpy and PyTorch mean it: |actual - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

export interface CompareOptions extends Tolerance {
  /** Names the values in the report. */
  readonly label?: string;
  /** Shape of both arrays, row-major; the report then gives the worst element as a multi-index. */
  readonly shape?: readonly number[];
}

export interface Comparison {
  readonly ok: boolean;
  readonly count: number;
  /** Largest |actual - expected|; Infinity where NaN or infinities do not match. */
  readonly maxAbsError: number;
  /** Largest |actual - expected| / |expected|; Infinity where expected is 0 and actual is not. */
  readonly maxRelError: number;
  /** Flat index of the element that uses most of its allowed error; -1 for empty arrays. */
  readonly worstIndex: number;
  /** How many elements exceed their allowed error. */
  readonly overTolerance: number;
  /** The worst element's error as a percentage of what it was allowed: above 100 fails. */
  readonly percentOfAllowed: number;
}

/**
 * Compares two arrays element by element. NaN equals only NaN, and an infinity only the same infinity.
 *
 * @throws RangeError if the lengths differ, `shape` has another size, or a tolerance is negative or NaN.
 */
export function compare(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol, label = "values", shape }: CompareOptions,
): Comparison {
  if (!(rtol >= 0) || !(atol >= 0)) {
    throw new RangeError(`${label}: tolerances must be 0 or more, got rtol ${rtol}, atol ${atol}`);
  }
  if (actual.length !== expected.length) {
    throw new RangeError(`${label}: ${actual.length} actual values, ${expected.length} expected`);
  }
  if (shape !== undefined && sizeOf(shape) !== expected.length) {
    throw new RangeError(`${label}: shape [${shape.join(", ")}] does not hold ${expected.length} values`);
  }
  let maxAbsError = 0;
  let maxRelError = 0;
  let worstIndex = expected.length === 0 ? -1 : 0;
  let worstUse = 0;
  let overTolerance = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = errorOf(actual[i]!, expected[i]!);
    if (error === 0) continue;
    const size = Math.abs(expected[i]!);
    // A mismatched NaN or infinity has infinite error; no tolerance, relative to Infinity or not, may absorb it.
    const use = Number.isFinite(error) ? error / (atol + rtol * size) : Number.POSITIVE_INFINITY;
    maxAbsError = Math.max(maxAbsError, error);
    maxRelError = Math.max(maxRelError, Number.isFinite(error) ? error / size : error);
    if (use > 1) overTolerance++;
    if (use > worstUse) {
      worstUse = use;
      worstIndex = i;
    }
  }
  return {
    ok: overTolerance === 0,
    count: expected.length,
    maxAbsError,
    maxRelError,
    worstIndex,
    overTolerance,
    percentOfAllowed: worstUse * 100,
  };
}

/**
 * As `compare`, but throws an Error with a readable report when any element is over tolerance.
 *
 * @returns The comparison, for tests that record how much of the tolerance was used.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  options: CompareOptions,
): Comparison {
  const result = compare(actual, expected, options);
  if (!result.ok) throw new Error(report(actual, expected, options, result));
  return result;
}

function errorOf(actual: number, expected: number): number {
  // === covers equal infinities and +0 against -0; Object.is covers NaN against NaN.
  if (actual === expected || Object.is(actual, expected)) return 0;
  const error = Math.abs(actual - expected);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

const SHOWN = 8;

function report(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol, label = "values", shape }: CompareOptions,
  result: Comparison,
): string {
  const where = (index: number) => (shape === undefined ? `[${index}]` : `[${unravel(index, shape).join(", ")}]`);
  const worst = result.worstIndex;
  const row = (index: number) => {
    const cells = [actual[index]!, expected[index]!, errorOf(actual[index]!, expected[index]!)];
    return `  ${where(index).padEnd(14)}${cells.map((cell) => number(cell).padStart(16)).join("")}`;
  };
  const first = Array.from({ length: Math.min(SHOWN, result.count) }, (_, index) => row(index));
  const dimensions = shape === undefined ? `${result.count} values` : `shape [${shape.join(", ")}]`;
  return [
    `${label}: ${result.overTolerance} of ${result.count} values over tolerance (rtol ${rtol}, atol ${atol}), ${dimensions}`,
    `  worst at ${where(worst)}: ${number(result.percentOfAllowed)}% of allowed error`,
    `  max abs error ${number(result.maxAbsError)}, max rel error ${number(result.maxRelError)}`,
    `  ${"index".padEnd(14)}${["actual", "expected", "error"].map((head) => head.padStart(16)).join("")}`,
    ...first,
    ...(worst >= SHOWN ? ["  ...", row(worst)] : []),
  ].join("\n");
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : String(value);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

function unravel(index: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    result.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return result;
}
