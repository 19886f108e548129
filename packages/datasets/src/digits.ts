import { GLYPHS, type Stroke } from "./digits_glyphs.js";
import { checkCount } from "./errors.js";
import { createRandom, type Random } from "./random.js";
import type { ImageSplit } from "./types.js";

const SIZE = 28;
const PIXELS = SIZE * SIZE;
/** Straight pieces per curve: at these sizes four leave no visible corner. */
const CURVE_STEPS = 4;

/** Images of the whole generated set. */
export const DIGITS_TRAIN_COUNT = 60_000;
export const DIGITS_TEST_COUNT = 10_000;

export interface DigitsOptions {
  /** Which of two disjoint streams of images; default "train". */
  split?: "train" | "test";
  /** How many images; default 60 000 of train, 10 000 of test. Fewer are the first of more. */
  count?: number;
  /** Signed 32-bit integer; another seed gives other images. Default 0. */
  seed?: number;
}

/**
 * Draws digits 0-9 as pen strokes, 28x28 uint8, ink bright on dark: a writing style, jittered control points, random rotation,
 * shear, size, place and pen width, then contrast, an erased bar or a stray line on some, and noise. Every image has a
 * stream of random numbers of its own (seed, split, index), and only exactly rounded arithmetic is used, so the bytes are
 * the same on every platform.
 * @throws RangeError where count is no integer of at least 1, or seed no 32-bit integer
 */
export function generateDigits(options: DigitsOptions = {}): ImageSplit {
  const split = options.split ?? "train";
  const count = checkCount(
    "generateDigits",
    "count",
    options.count ?? (split === "train" ? DIGITS_TRAIN_COUNT : DIGITS_TEST_COUNT),
  );
  const seed = options.seed ?? 0;
  if (seed !== (seed | 0)) throw new RangeError(`generateDigits: seed: expected a 32-bit integer, got ${seed}`);
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  const distance = new Float64Array(PIXELS);
  for (let i = 0; i < count; i++) {
    const random = createRandom(seed, split === "train" ? 1 : 2, i);
    const label = random.below(10);
    labels[i] = label;
    drawDigit(label, random, images.subarray(i * PIXELS, (i + 1) * PIXELS), distance);
  }
  return { images, labels, count, height: SIZE, width: SIZE, channels: 1, layout: "NHWC" };
}

/** An affine map of the unit box to pixels: x' = xx x + xy y + x0, y' = yx x + yy y + y0. */
interface Affine {
  xx: number;
  xy: number;
  x0: number;
  yx: number;
  yy: number;
  y0: number;
}

function randomAffine(random: Random): Affine {
  const height = random.uniform(15.5, 20.5);
  const width = height * random.uniform(0.5, 0.75);
  const shear = random.uniform(-0.3, 0.3);
  // The half-angle form of a rotation needs no sine, whose last bit differs between platforms; 0.13 is 15 degrees.
  const t = random.uniform(-0.13, 0.13);
  const cos = (1 - t * t) / (1 + t * t);
  const sin = (2 * t) / (1 + t * t);
  const xx = cos * width;
  const xy = (cos * shear - sin) * height;
  const yx = sin * width;
  const yy = (sin * shear + cos) * height;
  const centreX = SIZE / 2 + random.uniform(-2.9, 2.9);
  const centreY = SIZE / 2 + random.uniform(-2.9, 2.9);
  return { xx, xy, x0: centreX - (xx + xy) / 2, yx, yy, y0: centreY - (yx + yy) / 2 };
}

function drawDigit(label: number, random: Random, image: Uint8Array, distance: Float64Array): void {
  const styles = GLYPHS[label]!;
  const glyph = styles[random.below(styles.length)]!;
  const affine = randomAffine(random);
  const radius = random.uniform(0.8, 1.8);
  const jitter = 0.05;

  distance.fill(Number.POSITIVE_INFINITY);
  for (const stroke of glyph) {
    const points = stroke.map((value) => value + random.uniform(-jitter, jitter));
    drawStroke(distance, toPixels(points, affine), radius);
  }
  if (random.below(12) === 0) strayLine(distance, random, radius);
  const bar = random.below(12) === 0 ? eraseBar(random) : null;

  const paper = random.uniform(0, 20);
  const ink = random.uniform(150, 235);
  const noise = random.uniform(4, 40);
  for (let i = 0; i < PIXELS; i++) {
    const coverage = bar?.(i) ? 0 : clamp(radius + 0.5 - Math.sqrt(distance[i]!), 0, 1);
    const bits = random.bits();
    // The sum of two uniform bytes: a triangle of width +-255, scaled to +-noise.
    const grain = ((bits & 255) + ((bits >>> 8) & 255) - 255) * (noise / 255);
    image[i] = clamp(Math.floor(paper + ink * coverage + grain + 0.5), 0, 255);
  }
}

function toPixels(points: Stroke, affine: Affine): number[] {
  const pixels: number[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i]!;
    const y = points[i + 1]!;
    pixels.push(affine.xx * x + affine.xy * y + affine.x0, affine.yx * x + affine.yy * y + affine.y0);
  }
  return pixels;
}

/** Draws the quadratic B-spline of a control polygon: from middle to middle of its sides, with the vertices as controls. */
function drawStroke(distance: Float64Array, points: number[], radius: number): void {
  const last = points.length - 2;
  let x0 = points[0]!;
  let y0 = points[1]!;
  for (let i = 2; i < last; i += 2) {
    const cx = points[i]!;
    const cy = points[i + 1]!;
    const atEnd = i + 2 === last;
    const x1 = atEnd ? points[last]! : (cx + points[i + 2]!) / 2;
    const y1 = atEnd ? points[last + 1]! : (cy + points[i + 3]!) / 2;
    let fromX = x0;
    let fromY = y0;
    for (let step = 1; step <= CURVE_STEPS; step++) {
      const t = step / CURVE_STEPS;
      const toX = (1 - t) * (1 - t) * x0 + 2 * t * (1 - t) * cx + t * t * x1;
      const toY = (1 - t) * (1 - t) * y0 + 2 * t * (1 - t) * cy + t * t * y1;
      drawSegment(distance, fromX, fromY, toX, toY, radius);
      fromX = toX;
      fromY = toY;
    }
    x0 = x1;
    y0 = y1;
  }
  if (last === 2) drawSegment(distance, x0, y0, points[2]!, points[3]!, radius);
}

/** Lowers `distance` (squared, in pixels, at pixel centres) to that of a segment, where it is near enough to leave ink. */
function drawSegment(distance: Float64Array, ax: number, ay: number, bx: number, by: number, radius: number): void {
  const reach = radius + 0.5;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(SIZE - 1, Math.floor(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(SIZE - 1, Math.floor(Math.max(ay, by) + reach));
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const inverse = length2 > 0 ? 1 / length2 : 0;
  for (let y = top; y <= bottom; y++) {
    const py = y + 0.5 - ay;
    for (let x = left; x <= right; x++) {
      const px = x + 0.5 - ax;
      const t = clamp((px * dx + py * dy) * inverse, 0, 1);
      const ex = px - t * dx;
      const ey = py - t * dy;
      const d2 = ex * ex + ey * ey;
      const i = y * SIZE + x;
      if (d2 < distance[i]!) distance[i] = d2;
    }
  }
}

/** A short straight scratch anywhere. */
function strayLine(distance: Float64Array, random: Random, radius: number): void {
  const x = random.uniform(2, SIZE - 2);
  const y = random.uniform(2, SIZE - 2);
  drawSegment(distance, x, y, x + random.uniform(-8, 8), y + random.uniform(-8, 8), radius);
}

/** A horizontal or vertical bar without ink, one or two pixels wide: tells whether a pixel lies in it. */
function eraseBar(random: Random): (pixel: number) => boolean {
  const upright = random.below(2) === 0;
  const from = 6 + random.below(SIZE - 14);
  const to = from + 1 + random.below(2);
  return (pixel) => {
    const at = upright ? pixel % SIZE : Math.floor(pixel / SIZE);
    return at >= from && at < to;
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
