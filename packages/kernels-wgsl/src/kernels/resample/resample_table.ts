// Tables of taps for the interpolations of the frameworks, along one axis. Computed on the host in double precision.
import { ArgumentError } from "../../errors.js";
import type { ResampleTable } from "./resample.js";

export type ResizeMethod = "nearest" | "linear" | "cubic" | "lanczos3" | "lanczos5" | "mitchell";
export type ResizeCoordinates = "half_pixel" | "align_corners" | "asymmetric";

export interface ResizeOptions {
  /** Default linear. `cubic` is by Keys' kernel. */
  method?: ResizeMethod;
  /**
   * Where result i of n lies among the m elements: half_pixel at (i + 1/2) m / n - 1/2 (centres of pixels; JAX, TensorFlow 2,
   * PyTorch's default but for nearest), align_corners at i (m - 1) / (n - 1), asymmetric at i m / n (PyTorch's nearest).
   */
  coordinates?: ResizeCoordinates;
  /** Elements of x from one result to the next, where it is not the quotient above: PyTorch's scale_factor is 1 / step. */
  step?: number | undefined;
  /** Elements by which x is moved: JAX's translation / scale. Default 0. */
  shift?: number;
  /** Whether a kernel that makes fewer of more elements gets wider, so that all of them count. Default false. */
  antialias?: boolean;
  /**
   * Beyond the ends: `clamp` repeats the last element (PyTorch without antialias); `renormalise` leaves taps out and divides by
   * the sum of the others (JAX, TensorFlow's cubic, everybody's antialias). Default clamp, or renormalise with antialias.
   */
  edges?: "clamp" | "renormalise";
  /** Whether results that lie beyond the ends of x are 0, as of JAX's scale_and_translate. Default false. */
  outside?: boolean;
  /** Parameter of the cubic kernel: PyTorch has -0.75 without antialias, others -0.5, the default. */
  cubicCoefficient?: number;
}

interface Kernel {
  /** Largest distance at which it is not 0. */
  radius: number;
  at: (distance: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (radius: number): Kernel => ({ radius, at: (x) => (x < radius ? sinc(x) * sinc(x / radius) : 0) });

/** The cubic kernels of Mitchell and Netravali by B and C; Keys' with a is B = 0, C = -a. */
function bicubic(b: number, c: number): Kernel {
  const near = [(6 - 2 * b) / 6, 0, (-18 + 12 * b + 6 * c) / 6, (12 - 9 * b - 6 * c) / 6] as const;
  const far = [(8 * b + 24 * c) / 6, (-12 * b - 48 * c) / 6, (6 * b + 30 * c) / 6, (-b - 6 * c) / 6] as const;
  return {
    radius: 2,
    at: (x) => {
      if (x >= 2) return 0;
      const [k0, k1, k2, k3] = x < 1 ? near : far;
      return k0 + x * (k1 + x * (k2 + x * k3));
    },
  };
}

function kernelOf(method: Exclude<ResizeMethod, "nearest">, coefficient: number): Kernel {
  switch (method) {
    case "linear":
      return { radius: 1, at: (x) => Math.max(0, 1 - x) };
    case "cubic":
      return bicubic(0, -coefficient);
    case "mitchell":
      return bicubic(1 / 3, 1 / 3);
    case "lanczos3":
      return lanczos(3);
    case "lanczos5":
      return lanczos(5);
  }
}

/** Weights smaller than this are rounding errors of zeros. */
const NOTHING = 1e-12;
/** Sums of weights below this are not divided by: single precision has nothing of them, as JAX decided. */
const NO_SUM = 1000 * 2 ** -23;

function checked(size: number, extent: number, options: ResizeOptions): void {
  const op = "resize";
  const known = {
    method: ["nearest", "linear", "cubic", "lanczos3", "lanczos5", "mitchell"],
    coordinates: ["half_pixel", "align_corners", "asymmetric"],
    edges: ["clamp", "renormalise"],
  } as const;
  for (const [argument, values] of Object.entries(known)) {
    const given = options[argument as keyof typeof known];
    if (given !== undefined && !(values as readonly string[]).includes(given))
      throw new ArgumentError({ op, argument, expected: values.join(", "), given: `${given}` });
  }
  for (const [argument, value] of [
    ["size", size],
    ["extent", extent],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError({ op, argument, expected: "a positive integer", given: `${value}` });
  for (const argument of ["step", "shift", "cubicCoefficient"] as const) {
    const value = options[argument];
    if (value !== undefined && !(Number.isFinite(value) && (argument !== "step" || value > 0)))
      throw new ArgumentError({
        op,
        argument,
        expected: argument === "step" ? "a positive number" : "a finite number",
        given: `${value}`,
      });
  }
}

/** Taps of `size` results that are interpolated from `extent` elements. Throws ArgumentError for options that are none. */
export function resizeTable(extent: number, size: number, options: ResizeOptions = {}): ResampleTable {
  checked(size, extent, options);
  const { method = "linear", coordinates = "half_pixel", shift = 0, antialias = false, outside = false } = options;
  const { edges = antialias ? "renormalise" : "clamp", cubicCoefficient = -0.5 } = options;
  const corners = coordinates === "align_corners";
  const step = corners ? (size > 1 ? (extent - 1) / (size - 1) : 0) : (options.step ?? extent / size);
  const centre = (i: number): number => (coordinates === "half_pixel" ? (i + 0.5) * step - 0.5 : i * step) - shift;
  const clamp = (place: number): number => Math.min(Math.max(place, 0), extent - 1);
  if (method === "nearest") {
    // In single precision, as the frameworks: where the quotient rounds decides which of two neighbours is nearest.
    const single = Math.fround(step);
    const place = (i: number): number => {
      if (corners) return Math.round(centre(i));
      return Math.floor(Math.fround(Math.fround(i + (coordinates === "half_pixel" ? 0.5 : 0)) * single) - shift);
    };
    return { extent, taps: Array.from({ length: size }, (_, i) => [{ place: clamp(place(i)), weight: 1 }]) };
  }
  const kernel = kernelOf(method, cubicCoefficient);
  const width = antialias ? Math.max(step, 1) : 1;
  const taps = Array.from({ length: size }, (_, i) => {
    const middle = centre(i);
    if (outside && (middle < -0.5 || middle > extent - 0.5)) return [];
    const found = new Map<number, number>();
    const reach = kernel.radius * width;
    for (let j = Math.ceil(middle - reach); j <= Math.floor(middle + reach); j++) {
      const weight = kernel.at(Math.abs(j - middle) / width);
      if (Math.abs(weight) < NOTHING || (edges === "renormalise" && clamp(j) !== j)) continue;
      found.set(clamp(j), (found.get(clamp(j)) ?? 0) + weight);
    }
    const total = [...found.values()].reduce((sum, weight) => sum + weight, 0);
    const divisor = edges === "renormalise" || antialias ? total : 1;
    return Math.abs(divisor) < NO_SUM ? [] : [...found].map(([place, weight]) => ({ place, weight: weight / divisor }));
  });
  return { extent, taps };
}

/** The table that leaves an axis as it is. */
export const identityTable = (extent: number): ResampleTable => ({
  extent,
  taps: Array.from({ length: extent }, (_, place) => [{ place, weight: 1 }]),
});
