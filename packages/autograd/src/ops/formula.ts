// Gradients of elementwise ops as formulas, written once: nobody differentiating them, each is one kernel; else it is made of ops.
import {
  type BindingDtype,
  type ChainStep,
  type ChainValue,
  chainGeometry,
  type ExpressionName,
  elementwiseChain,
} from "@facet/kernels-wgsl";
import { launch, launchingAs } from "../launch.js";
import { isRecording } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { innermostOf, isBatching } from "../vmap/batched_tensor.js";

/** What formulas are written in, by tensors or by steps of a chain. Numbers stand in the shader: a formula has the same in every call. */
export interface Arithmetic<T> {
  add(a: T, b: T | number): T;
  sub(a: T | number, b: T | number): T;
  mul(a: T, b: T | number): T;
  div(a: T, b: T | number): T;
  neg(x: T): T;
  abs(x: T): T;
  square(x: T): T;
  exp(x: T): T;
  erf(x: T): T;
  tanh(x: T): T;
  sigmoid(x: T): T;
  softplus(x: T): T;
}

type Step = { readonly operand: number } | { readonly step: number };

/** Arithmetic that appends to the steps of a chain; what was computed before is not computed again. */
function arithmeticOfSteps(steps: ChainStep[]): Arithmetic<Step> {
  const known = new Map<string, Step>();
  const then = (name: ExpressionName, ...operands: (Step | number)[]): Step => {
    const from = operands.map((value): ChainValue => (typeof value === "number" ? { literal: value } : value));
    const key = `${name} ${JSON.stringify(from)}`;
    const dtypes = from.map((): BindingDtype => "f32");
    const step = known.get(key) ?? { step: steps.push({ name, dtypes, from, s0: 0, s1: 0 }) - 1 };
    known.set(key, step);
    return step;
  };
  return {
    add: (a, b) => then("add", a, b),
    sub: (a, b) => then("sub", a, b),
    mul: (a, b) => then("mul", a, b),
    div: (a, b) => then("div", a, b),
    neg: (x) => then("neg", x),
    abs: (x) => then("abs", x),
    square: (x) => then("square", x),
    exp: (x) => then("exp", x),
    erf: (x) => then("erf", x),
    tanh: (x) => then("tanh", x),
    sigmoid: (x) => then("sigmoid", x),
    softplus: (x) => then("softplus", x),
  };
}

/**
 * A formula of tensors of one shape, in float32, up to four. It gives the same bits in one kernel as made of ops.
 *
 * @param name Stands in labels of the one kernel.
 * @param ops Arithmetic on tensors; a function, as modules of ops import one another.
 */
export function formula<N extends string>(
  name: string,
  operands: readonly N[],
  ops: () => Arithmetic<Tensor>,
  write: <T>(arithmetic: Arithmetic<T>, given: Readonly<Record<N, T>>) => T,
): (given: Readonly<Record<N, Tensor>>) => Tensor {
  let steps: readonly ChainStep[] | undefined;
  const chain = () => {
    if (steps) return steps;
    const made: ChainStep[] = [];
    const given = Object.fromEntries(operands.map((operand, i) => [operand, { operand: i }])) as Record<N, Step>;
    write(arithmeticOfSteps(made), given);
    steps = made;
    return steps;
  };
  return (given) => {
    const tensors = operands.map((operand) => given[operand]);
    const [first] = tensors as [Tensor];
    const isPlain = (x: Tensor): boolean => x.dtype === "float32" && `${x.shape}` === `${first.shape}`;
    const isBatched = isBatching() && innermostOf(tensors) !== undefined;
    if (isRecording() || isBatched || first.size === 0 || !tensors.every(isPlain)) return write(ops(), given);
    const y = empty(first.shape);
    const { params, constants } = chainGeometry(
      { operands: tensors.map(() => ({ dtype: "f32", repeated: false })), steps: chain() },
      y.size,
    );
    const [a, b, c, d] = tensors;
    launchingAs(name, given, () => launch(elementwiseChain, { a, b, c, d, y }, params, constants));
    return y;
  };
}
