import type { Tolerance } from "./allclose.js";
import { createRandom } from "./random.js";

export interface GradientCheck extends Tolerance {
  /** The operation: all inputs to the flat float32 output. Called many times; must not keep or change its arguments. */
  readonly f: (inputs: Float32Array[]) => Promise<Float32Array>;
  /** The gradient of sum(f(inputs) * cotangent), one array per input. */
  readonly gradients: (inputs: Float32Array[], cotangent: Float32Array) => Promise<Float32Array[]>;
  readonly inputs: readonly Float32Array[];
  /** Names of the inputs for the report. */
  readonly names?: readonly string[];
  /** Half width of the difference; default 1/128. Take a large one, 1/2 or 1, for (bi)linear operations: it is exact there. */
  readonly eps?: number;
  /** Weights of the outputs; default seeded uniform in [-1, 1). */
  readonly cotangent?: Float32Array;
  /** Inputs up to this size are tried element by element; default 40. Larger ones by `directions` and some elements. */
  readonly elementLimit?: number;
  /** Random directions of +-1 for each larger input; default 4. */
  readonly directions?: number;
  /** Elements tried beside the directions for each larger input, so that a failure can be placed; default 8. */
  readonly samples?: number;
  readonly seed?: number;
  /** Accept that every gradient and every difference is 0, for operations such as sign and floor. */
  readonly allowZero?: boolean;
}

export interface GradientCheckResult {
  /** How many differences were compared. */
  readonly probes: number;
  /** The worst probe's error as a percentage of what it was allowed. */
  readonly percentOfAllowed: number;
}

interface Probe {
  readonly what: string;
  readonly direction: Float64Array;
}

/**
 * Compares `gradients` with central differences of `f`. Knows nothing of the engine: arrays in, arrays out.
 *
 * f is float32, so each difference is taken of L = sum(f * cotangent), accumulated in float64, and is compared with
 * gradient . (x+ - x-), the step that the rounded float32 inputs really made. A probe v passes if
 * |difference - gradient . v| <= atol * |v| + rtol * (|gradient| for a direction, the larger side for an element).
 *
 * @throws Error that names input, element or direction, and both values, at the first probe out of tolerance; also if a
 *   gradient has the wrong length, if anything is not finite, and if all is 0, which would prove nothing.
 */
export async function checkGradients(check: GradientCheck): Promise<GradientCheckResult> {
  const { f, gradients, inputs, rtol, atol, eps = 1 / 128, seed = 0 } = check;
  const random = createRandom(seed);
  const copy = () => inputs.map((input) => input.slice());
  const nameOf = (index: number) => check.names?.[index] ?? `input ${index}`;

  const output = await f(copy());
  const cotangent = check.cotangent ?? random.uniform(output.length);
  if (cotangent.length !== output.length) {
    throw new Error(`cotangent has ${cotangent.length} values, the output ${output.length}`);
  }
  const loss = async (values: Float32Array[]) => {
    const result = await f(values);
    if (result.length !== cotangent.length) {
      throw new Error(`the output has ${result.length} values after a step, ${cotangent.length} before`);
    }
    return result.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
  };

  const analytic = await gradients(copy(), cotangent.slice());
  if (analytic.length !== inputs.length) throw new Error(`${analytic.length} gradients for ${inputs.length} inputs`);
  let probes = 0;
  let worst = 0;
  let anyNonZero = false;
  for (const [index, input] of inputs.entries()) {
    const gradient = analytic[index]!;
    if (gradient.length !== input.length) {
      throw new Error(`gradient of ${nameOf(index)} has ${gradient.length} values, the input ${input.length}`);
    }
    // Found here, because 0 * Infinity would lay it to whichever element is tried first.
    const broken = gradient.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) throw new Error(`gradient of ${nameOf(index)} is ${gradient[broken]} at element ${broken}`);
    for (const { what, direction } of probesOf(check, input.length, random)) {
      const up = input.map((value, i) => value + eps * direction[i]!);
      const down = input.map((value, i) => value - eps * direction[i]!);
      const at = (values: Float32Array) => loss(copy().map((other, i) => (i === index ? values.slice() : other)));
      const numeric = ((await at(up)) - (await at(down))) / (2 * eps);
      // The gradient along the step actually made: float32 rounds x + eps.
      const expected = gradient.reduce((sum, g, i) => sum + g * (up[i]! - down[i]!), 0) / (2 * eps);
      const size = norm(direction);
      const scale = size > 1 ? norm(gradient) : Math.max(Math.abs(numeric), Math.abs(expected));
      const allowed = atol * size + rtol * scale;
      const error = Math.abs(numeric - expected);
      // Written so that NaN fails; an infinite difference would be allowed an infinite error.
      if (!(error <= allowed && Number.isFinite(numeric))) {
        throw new Error(
          `gradient of ${nameOf(index)}, ${what}: gradient says ${expected}, differences say ${numeric}; ` +
            `error ${error}, allowed ${allowed} (rtol ${rtol}, atol ${atol}, eps ${eps}, ${input.length} values)`,
        );
      }
      probes++;
      worst = Math.max(worst, error === 0 ? 0 : error / allowed);
      anyNonZero ||= numeric !== 0 || expected !== 0;
    }
  }
  if (probes === 0) throw new Error("gradient check without a single input element");
  if (!anyNonZero && !check.allowZero) {
    throw new Error("every gradient and every difference is 0: the check proves nothing (allowZero accepts that)");
  }
  return { probes, percentOfAllowed: worst * 100 };
}

function* probesOf(check: GradientCheck, length: number, random: ReturnType<typeof createRandom>): Generator<Probe> {
  const { elementLimit = 40, directions = 4, samples = 8 } = check;
  const every = length <= elementLimit;
  const elements = every ? Array.from({ length }, (_, i) => i) : random.permutation(length).subarray(0, samples);
  for (const element of elements) {
    const direction = new Float64Array(length);
    direction[element] = 1;
    yield { what: `element ${element}`, direction };
  }
  if (every) return;
  for (let k = 0; k < directions; k++) {
    yield { what: `direction ${k}`, direction: Float64Array.from({ length }, () => (random.next() < 0.5 ? -1 : 1)) };
  }
}

function norm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
