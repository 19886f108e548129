import { FacetError } from "@facet/kernels-wgsl";
import { arithmetic } from "./backward.js";
import type { Dtype, Half } from "./dtype.js";
import { allWidened, dtypeOfHalves } from "./halves.js";
import { launchingAs, type OpInputs } from "./launch.js";
import { record } from "./record.js";
import { adopt, scope } from "./scope.js";
import { isRecording, noGrad } from "./tape.js";
import { empty, type Tensor } from "./tensor.js";
import { innermostOf, isBatching } from "./vmap/batched_tensor.js";
import { type BatchRule, callBatched } from "./vmap/call.js";

export { copyTensor, launch, type OpInputs } from "./launch.js";

/** What a vjp may know beside the gradient and what was saved. */
export interface VjpContext<A> {
  readonly attrs: A;
  /** Shapes of all inputs and of `y`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

/** Gradient of one input: the names it saves (inputs, `y` or auxiliary outputs) and the formula, written in ops. */
export interface Vjp<A> {
  readonly saves: readonly string[];
  readonly gradient: (dy: Tensor, saved: Record<string, Tensor>, context: VjpContext<A>) => Tensor;
}

/** Gradients of several inputs made together, by kernels that are cheaper so. */
export interface JointVjp<A> {
  readonly saves: readonly string[];
  /** Gradients by name of the input, of those that are `wanted` at least. */
  readonly gradients: (
    dy: Tensor,
    saved: Record<string, Tensor>,
    context: VjpContext<A>,
    wanted: ReadonlySet<string>,
  ) => Readonly<Record<string, Tensor>>;
}

export function jointVjp<const S extends string, A>(
  saves: readonly S[],
  gradients: (
    dy: Tensor,
    saved: Record<S, Tensor>,
    context: VjpContext<A>,
    wanted: ReadonlySet<string>,
  ) => Readonly<Record<string, Tensor>>,
): JointVjp<A> {
  return { saves, gradients };
}

/** Said of an input through which no gradient flows: labels, indices, conditions. */
export const nonDifferentiable = { nonDifferentiable: true } as const;

export function vjp<const S extends string, A>(
  saves: readonly S[],
  gradient: (dy: Tensor, saved: Record<S, Tensor>, context: VjpContext<A>) => Tensor,
): Vjp<A> {
  return { saves, gradient };
}

export interface OpSpec<I extends OpInputs, A, X extends string> {
  /** The field's standard name, in snake_case: stands in errors and GPU labels. */
  readonly name: string;
  /** Shape of the output; checks everything that can be checked of inputs and attributes. */
  readonly shape: (inputs: I, attrs: A) => readonly number[];
  /** Dtype of the output. Default: float32. */
  readonly dtype?: (inputs: I, attrs: A) => Dtype;
  /** Further outputs through which no gradient flows, by name. */
  readonly aux?: { readonly [K in X]: (inputs: I, attrs: A) => { shape: readonly number[]; dtype: Dtype } };
  /** Input whose memory the output shares, when the op only gives it another shape; `forward` is then not called. */
  readonly sharesMemoryOf?: keyof I & string;
  /**
   * Launches the kernels that fill `y` (and aux). It may only launch: while a function is being captured nothing runs here.
   * Not called for a `y` without elements that comes alone: there is nothing to fill. Inputs may be empty all the same.
   */
  readonly forward?: (inputs: I, y: Tensor, attrs: A, aux: Record<X, Tensor>) => void;
  /** One row for every input. A missing row is a type error. */
  readonly vjp: { readonly [K in keyof I]-?: Vjp<A> | typeof nonDifferentiable };
  /** Used instead of the rows when several inputs want a gradient that nobody differentiates again. */
  readonly joint?: JointVjp<A>;
  /** How it works for all examples of a vmap at once. Without it: example by example. */
  readonly batch?: BatchRule<I, A>;
  /**
   * What it does with float16 and bfloat16 by itself. Without it, and on floats of several dtypes: forward and gradients work on float32
   * copies, and a result in float32 is rounded to the dtype that all floats among the inputs have. Further outputs stay as they are.
   */
  readonly halves?: {
    /**
     * `own`: `shape` and `forward` take halves. `kernels`: they take floats of any dtypes, which the kernels of the op read and write, and by default the
     * result has that of all. Or the result of kernels that read halves, undefined where there are none.
     */
    readonly forward: "own" | "kernels" | ((inputs: I, attrs: A) => Tensor | undefined);
    /** `own`: the rows take halves too. `kernels`: where they are not recorded, in which case they may be of many ops. */
    readonly gradients?: "own" | "kernels";
  };
}

/** An op ready to be called. */
export interface Op<I extends OpInputs, A, X extends string> {
  (inputs: I, attrs: A): Tensor;
  /** Also returns the auxiliary outputs. */
  withAux(inputs: I, attrs: A): { y: Tensor; aux: Record<X, Tensor> };
  readonly spec: OpSpec<I, A, X>;
}

// biome-ignore lint/suspicious/noExplicitAny: inputs and attributes are contravariant, so no narrower type holds every op.
export type AnyOp = Op<any, any, any>;

/** Every op, by name, in the order of definition. The gradient tests go through it. */
export const opTable = new Map<string, AnyOp>();

/** One application of an op. */
export interface Application {
  readonly op: string;
  readonly inputs: OpInputs;
  readonly attrs: unknown;
  readonly outputs: readonly Tensor[];
}

let heard: ((application: Application) => void) | undefined;

/** Runs `body`; `listener` hears of every op that is applied meanwhile, those that an op is made of before it. */
export function hearingOps<T>(listener: (application: Application) => void, body: () => T): T {
  const outer = heard;
  heard = listener;
  try {
    return body();
  } finally {
    heard = outer;
  }
}

/** Makes an op out of its shape rule, forward and gradients, and enters it into the op table. */
export function defineOp<I extends OpInputs, A = undefined, X extends string = never>(
  spec: OpSpec<I, A, X>,
): Op<I, A, X> {
  const withAux = (inputs: I, attrs: A): { y: Tensor; aux: Record<X, Tensor> } => {
    const batchedInput = isBatching() ? innermostOf(Object.values(inputs)) : undefined;
    if (batchedInput) return callBatched(op, inputs, attrs, batchedInput) as { y: Tensor; aux: Record<X, Tensor> };
    const floats = dtypeOfHalves(inputs);
    const how = spec.halves?.forward;
    if (floats && how !== "kernels" && (floats === "float32" || how !== "own"))
      return withHalves(inputs, attrs, floats);
    const shape = spec.shape(inputs, attrs);
    const source = spec.sharesMemoryOf === undefined ? undefined : inputs[spec.sharesMemoryOf];
    const y = source ? adopt(source.alias(shape)) : empty(shape, spec.dtype?.(inputs, attrs) ?? floats ?? "float32");
    const aux = {} as Record<X, Tensor>;
    for (const name in spec.aux) {
      const { shape, dtype } = spec.aux[name as X](inputs, attrs);
      aux[name as X] = empty(shape, dtype);
    }
    launchingAs(spec.name, inputs, () => {
      if (spec.aux || !shape.includes(0)) spec.forward?.(inputs, y, attrs, aux);
    });
    if (isRecording()) y.node = record(spec, inputs, y, attrs, aux);
    heard?.({ op: spec.name, inputs, attrs, outputs: [y, ...Object.values<Tensor>(aux)] });
    return { y, aux };
  };
  const withHalves = (inputs: I, attrs: A, floats: Half | "float32"): { y: Tensor; aux: Record<X, Tensor> } => {
    const results = scope(() =>
      noGrad(() => {
        const forward = typeof spec.halves?.forward === "function" ? spec.halves.forward : undefined;
        const own = floats !== "float32" && forward && launchingAs(spec.name, inputs, () => forward(inputs, attrs));
        if (own) return { y: own, aux: {} as Record<X, Tensor> };
        const { y, aux } = withAux(allWidened(inputs), attrs);
        return { y: y.dtype === "float32" ? arithmetic.cast(y, floats) : y, aux };
      }),
    );
    if (isRecording()) results.y.node = record(spec, inputs, results.y, attrs, results.aux);
    return results;
  };
  const call = (inputs: I, attrs: A): Tensor => {
    const { y, aux } = withAux(inputs, attrs);
    if (spec.aux) for (const tensor of Object.values<Tensor>(aux)) tensor.dispose();
    return y;
  };
  const op = Object.assign(call, { withAux, spec }) as Op<I, A, X>;
  if ("y" in spec.vjp) {
    throw new FacetError({ op: spec.name, argument: "y", expected: "no input of that name: y is the op's own output" });
  }
  if (opTable.has(spec.name))
    throw new FacetError({ op: spec.name, argument: "name", expected: "a name no other op has" });
  opTable.set(spec.name, op);
  return op;
}
