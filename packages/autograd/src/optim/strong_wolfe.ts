// A line search for the strong Wolfe conditions, as torch's L-BFGS has it.
import type { Tensor } from "../tensor.js";

/** A function along a line: its value and gradient somewhere, and its slope in the direction of the line. */
export interface Point {
  readonly value: number;
  readonly slope: number;
  readonly gradient: Tensor;
}

interface Trial {
  length: number;
  point: Point;
}

/** Of the decrease that the slope promises, how much is wanted; and how much of the slope may be left. */
const [DECREASE, CURVATURE] = [1e-4, 0.9];

/** Where a cubic through two points with these slopes is least, within the bounds; their middle where it has no least point. */
export function cubicMinimum(a: Trial, b: Trial, bounds: readonly [number, number]): number {
  const [x1, f1, g1] = [a.length, a.point.value, a.point.slope];
  const [x2, f2, g2] = [b.length, b.point.value, b.point.slope];
  const d1 = g1 + g2 - (3 * (f1 - f2)) / (x1 - x2);
  const square = d1 * d1 - g1 * g2;
  if (!(square >= 0)) return (bounds[0] + bounds[1]) / 2;
  const d2 = Math.sqrt(square);
  const least =
    x1 <= x2
      ? x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
      : x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2));
  return Math.min(Math.max(least, bounds[0]), bounds[1]);
}

/**
 * A length of a step that meets the strong Wolfe conditions, or the best within `most` evaluations. `at` evaluates the function;
 * `start` is where length is 0, `reach` the largest element of the direction. Gradients that are not in the result are freed.
 */
export async function strongWolfe(
  at: (length: number) => Promise<Point>,
  first: number,
  start: Point,
  reach: number,
  { most, toleranceChange }: { most: number; toleranceChange: number },
): Promise<Trial> {
  const made: Tensor[] = [];
  const tried = async (length: number): Promise<Trial> => {
    const point = await at(length);
    made.push(point.gradient);
    return { length, point };
  };
  const found = await search(tried, first, start, reach, most, toleranceChange);
  for (const gradient of made) if (gradient !== found.point.gradient) gradient.dispose();
  return found;
}

async function search(
  tried: (length: number) => Promise<Trial>,
  first: number,
  start: Point,
  reach: number,
  most: number,
  toleranceChange: number,
): Promise<Trial> {
  const decreases = ({ length, point }: Trial): boolean => point.value <= start.value + DECREASE * length * start.slope;
  const isFlat = ({ point }: Trial): boolean => Math.abs(point.slope) <= -CURVATURE * start.slope;

  let before: Trial = { length: 0, point: start };
  let now = await tried(first);
  let count = 0;
  let bracket: [Trial, Trial] | undefined;
  while (count < most) {
    if (!decreases(now) || (count > 1 && now.point.value >= before.point.value)) bracket = [before, now];
    else if (isFlat(now)) return now;
    else if (now.point.slope >= 0) bracket = [before, now];
    if (bracket) break;
    const bounds = [now.length + 0.01 * (now.length - before.length), now.length * 10] as const;
    const length = cubicMinimum(before, now, bounds);
    before = now;
    now = await tried(length);
    count += 1;
  }
  bracket ??= [{ length: 0, point: start }, now];

  // The bracket holds a point that meets the conditions: it is made smaller until that is found.
  let stuck = false;
  let [low, high] = ordered(bracket);
  while (count < most) {
    const [least, greatest] = [Math.min(low.length, high.length), Math.max(low.length, high.length)];
    if ((greatest - least) * reach < toleranceChange) break;
    let length = cubicMinimum(bracket[0], bracket[1], [least, greatest]);
    const margin = 0.1 * (greatest - least);
    if (Math.min(greatest - length, length - least) < margin) {
      if (stuck || length >= greatest || length <= least) {
        length = Math.abs(length - greatest) < Math.abs(length - least) ? greatest - margin : least + margin;
        stuck = false;
      } else stuck = true;
    } else stuck = false;
    const trial = await tried(length);
    count += 1;
    if (!decreases(trial) || trial.point.value >= low.point.value) {
      bracket = bracket[0] === high ? [trial, bracket[1]] : [bracket[0], trial];
      [low, high] = ordered(bracket);
      continue;
    }
    const done = isFlat(trial);
    const kept = !done && trial.point.slope * (high.length - low.length) >= 0 ? low : high;
    bracket = bracket[0] === low ? [trial, kept] : [kept, trial];
    [low, high] = [trial, kept];
    if (done) break;
  }
  return low;
}

/** The lower end first. */
const ordered = ([a, b]: readonly [Trial, Trial]): [Trial, Trial] => (a.point.value <= b.point.value ? [a, b] : [b, a]);
