// torch.autograd.gradcheck: gradients held against differences of values.
import * as core from "@facet/autograd";
import { define, func, number, only } from "@facet/dialect";
import { complain } from "../errors.js";
import { type AnyFunction, call } from "../func/transforms.js";
import { onlyTensors } from "../func/trees.js";
import { tensor, tensors } from "../kinds.js";
import { Tensor, wrap } from "../tensor.js";

type Inputs = Tensor | readonly Tensor[];
export interface GradcheckArguments {
  /** Half of the distance between the points whose difference is taken. Default 5e-3, in PyTorch 1e-6, which float32 cannot tell. */
  eps?: number;
  /** Default 1e-3, in PyTorch 1e-5. */
  atol?: number;
  /** Default 1e-2, in PyTorch 1e-3. */
  rtol?: number;
  /** Whether a mismatch throws; else it is false. Default true. */
  raise_exception?: boolean;
  /** How far two backward passes may be apart. Default 0. */
  nondet_tol?: number;
}
type Check = (func: AnyFunction, inputs: Inputs, named?: GradcheckArguments) => Promise<boolean>;

const inputsKind = tensor.either(tensors);
const tolerances = { eps: number.or(5e-3), atol: number.or(1e-3), rtol: number.or(1e-2) } as const;
const modes = {
  check_undefined_grad: only(true),
  check_grad_dtypes: only(false),
  check_batched_grad: only(false),
} as const;
type Settings = Required<GradcheckArguments>;

const listOf = (given: Inputs): readonly Tensor[] => (given instanceof Tensor ? [given] : given);
const read = async (x: core.Tensor): Promise<number[]> => Array.from(await x.data(), Number);

/** What a function of tensors gives that gradients flow through. */
const outputsOf = (op: string, fn: AnyFunction, inputs: readonly Tensor[]): core.Tensor[] =>
  onlyTensors(op, "output of func", call(op, fn, inputs)).tensors.filter(({ dtype }) => core.isFloating(dtype));

/** Rows of a Jacobian, one for each element of an output, each with a column for each element of an input. */
type Rows = readonly (readonly number[])[];

/** One element of an input moved to either side: the differences of all outputs, divided by the distance. */
async function differences(op: string, fn: AnyFunction, inputs: readonly Tensor[], i: number, at: number, eps: number) {
  const x = inputs[i] as Tensor;
  const moved = core.noGrad(() =>
    core.scope(() => {
      const step = core.reshape(core.oneHot(core.fromData([at], [1], "int32"), x.core.size), x.shape);
      const outputs = [eps, -eps].map((by) => {
        const there = wrap(core.add(x.core, core.mul(step, by)));
        return outputsOf(
          op,
          fn,
          inputs.map((other, k) => (k === i ? there : other)),
        );
      });
      return (outputs[0] as core.Tensor[]).map((y, o) =>
        core.div(core.sub(y, (outputs[1] as core.Tensor[])[o] as core.Tensor), 2 * eps),
      );
    }),
  );
  const values = await Promise.all(moved.map(read));
  for (const each of moved) each.dispose();
  return values;
}

/** Rows of the gradients of output `o` by an input. */
async function analytical(op: string, fn: AnyFunction, inputs: readonly Tensor[], i: number, o: number): Promise<Rows> {
  const { rows, shape } = core.scope(() => {
    const { jacobian } = core.jacrev(
      [(inputs[i] as Tensor).core],
      ([x]) =>
        outputsOf(
          op,
          fn,
          inputs.map((other, k) => (k === i ? wrap(x as core.Tensor) : other)),
        ),
      (outputs) => [outputs[o] as core.Tensor],
    );
    const found = (jacobian[0] as readonly core.Tensor[])[0] as core.Tensor;
    const columns = (inputs[i] as Tensor).core.size;
    return { rows: core.reshape(found, [found.size / Math.max(1, columns), columns]), shape: columns };
  });
  const values = await read(rows);
  rows.dispose();
  return Array.from({ length: values.length / Math.max(1, shape) }, (_, r) => values.slice(r * shape, (r + 1) * shape));
}

async function check(op: string, fn: AnyFunction, inputs: readonly Tensor[], settings: Settings): Promise<boolean> {
  const { eps, atol, rtol, raise_exception, nondet_tol } = settings;
  const wrong = (sentence: string, expected: string, given: string): boolean => {
    if (!raise_exception) return false;
    return complain(core.ArgumentError, sentence, { op, argument: "func", expected, given });
  };
  const chosen = inputs.flatMap((x, i) => (x.requires_grad ? [i] : []));
  if (chosen.length === 0)
    complain(
      core.ArgumentError,
      `${op} expects at least one input tensor to require gradient, but none of the them have requires_grad=True.`,
      { op, argument: "inputs", expected: "a tensor that requires grad", given: "none" },
    );
  for (const i of chosen) {
    const size = (inputs[i] as Tensor).core.size;
    const columns: number[][][] = [];
    for (let at = 0; at < size; at++) columns.push(await differences(op, fn, inputs, i, at, eps));
    for (const o of (columns[0] ?? []).keys()) {
      const rows = await analytical(op, fn, inputs, i, o);
      const again = await analytical(op, fn, inputs, i, o);
      for (const [r, row] of rows.entries())
        for (const [at, value] of row.entries()) {
          const numeric = columns[at]?.[o]?.[r] as number;
          const where = `at [${r}, ${at}]`;
          if (!(Math.abs(value - numeric) <= atol + rtol * Math.abs(numeric)))
            return wrong(
              `Jacobian mismatch for output ${o} with respect to input ${i}`,
              `${numeric} ${where}, by differences`,
              `${value}`,
            );
          if (Math.abs(value - (again[r]?.[at] as number)) > nondet_tol)
            return wrong("Backward is not reentrant", `${value} ${where} again`, `${again[r]?.[at]}`);
        }
    }
  }
  return true;
}

/**
 * Whether the gradients of a function are those that differences of its values in float32 show: a promise. A mismatch throws ArgumentError,
 * or is false without `raise_exception`.
 */
export const gradcheck: Check = define(
  "torch.autograd.gradcheck",
  {
    ...{
      func,
      inputs: inputsKind,
      "*": null,
      ...tolerances,
      raise_exception: true,
      nondet_tol: number.or(0),
      ...modes,
    },
    ...{ check_batched_forward_grad: only(false), check_forward_ad: only(false), check_backward_ad: only(true) },
    ...{ fast_mode: only(false), masked: only(null) },
  },
  async ({ func: fn, inputs, ...settings }) =>
    check("gradcheck", fn as AnyFunction, listOf(inputs as Inputs), settings as Settings),
);

type CheckAgain = (
  func: AnyFunction,
  inputs: Inputs,
  grad_outputs?: Inputs | null | GradcheckArguments,
  named?: GradcheckArguments,
) => Promise<boolean>;
/** gradcheck of the gradients of a function, by its inputs and by those of its outputs: `grad_outputs`, by default drawn at random. */
export const gradgradcheck: CheckAgain = define(
  "torch.autograd.gradgradcheck",
  {
    ...{ func, inputs: inputsKind, grad_outputs: inputsKind.or(null), "*": null, ...tolerances },
    ...{ gen_non_contig_grad_outputs: only(false), raise_exception: true, nondet_tol: number.or(0), ...modes },
    ...{ check_fwd_over_rev: only(false), check_rev_over_rev: only(true), fast_mode: only(false), masked: only(false) },
  },
  async ({ func: fn, inputs, grad_outputs, ...settings }) => {
    const op = "gradgradcheck";
    const list = listOf(inputs as Inputs);
    const chosen = list.flatMap((x, i) => (x.requires_grad ? [i] : []));
    const made = core.noGrad(() => core.scope(() => outputsOf(op, fn as AnyFunction, list).map(({ shape }) => shape)));
    const weights =
      grad_outputs === null
        ? made.map((shape, o) => drawn(shape, o).requires_grad_(true))
        : listOf(grad_outputs as Inputs);
    const gradients = (...given: Tensor[]): Tensor[] =>
      core.withRecording(true, () => {
        const [xs, ws] = [given.slice(0, list.length), given.slice(list.length)];
        const { result, variables } = core.withVariables(
          chosen.map((i) => (xs[i] as Tensor).core),
          (own) => {
            const at = xs.map((x, i) => (chosen.includes(i) ? wrap(own[chosen.indexOf(i)] as core.Tensor) : x));
            return outputsOf(op, fn as AnyFunction, at);
          },
        );
        const found = core.gradients(result, variables, { cotangents: ws.map((w) => w.core), createGraph: true });
        return found.map((dx, k) => wrap(dx ?? core.gradientZeros(variables[k] as core.Tensor)));
      });
    return check(op, gradients, [...list, ...weights], settings as unknown as Settings);
  },
);

/** Numbers between 0.5 and 1.5, the same for each shape and place every time. */
const drawn = (shape: readonly number[], o: number): Tensor => wrap(core.uniform(core.keyFromSeed(o), shape, 0.5, 1.5));
