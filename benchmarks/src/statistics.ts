/** What is known of a quantity from a few measurements. */
export interface Estimate {
  n: number;
  mean: number;
  /** One standard deviation of a measurement; NaN for fewer than two. */
  sd: number;
  /** Half the width of the 95 % confidence interval of the mean, by Student's t; NaN for fewer than two. */
  ci95: number;
}

/** Two-sided 95 % points of Student's t for 1, 2, ... degrees of freedom; beyond the table it is the normal's. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086,
];

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { n, mean, sd: Number.NaN, ci95: Number.NaN };
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { n, mean, sd, ci95: ((T95[n - 2] ?? 1.96) * sd) / Math.sqrt(n) };
}

/** Middle value, or the mean of the two middle ones; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
