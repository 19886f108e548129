// What an op that gradients flow through leaves on the tape, and how its gradients are pulled back.
import { arithmetic } from "./backward.js";
import type { JointVjp, OpSpec, Vjp, VjpContext } from "./define_op.js";
import { type Dtype, isHalf } from "./dtype.js";
import { allWidened } from "./halves.js";
import type { OpInputs } from "./launch.js";
import { currentLayer, restoreLayer } from "./layer.js";
import { scope } from "./scope.js";
import { enter, isRecording, type Node, type Part, recall, type SavedTensor, save, type Unentered } from "./tape.js";
import type { Tensor } from "./tensor.js";

/** An input that a gradient flows into, with the row of its op. */
interface Tracked<A> {
  readonly name: string;
  readonly rule: Vjp<A>;
  readonly dtype: Dtype;
}

/**
 * The node of `y` for one application; undefined when no gradient flows into any differentiable input. Runs in every call of an op:
 * plain loops, and one object for what the way back needs.
 */
export function record<I extends OpInputs, A, X extends string>(
  spec: OpSpec<I, A, X>,
  inputs: I,
  y: Tensor,
  attrs: A,
  aux: Record<X, Tensor>,
): Node | undefined {
  const tracked: Tracked<A>[] = [];
  const nodes: Node[] = [];
  for (const name in inputs) {
    const input = inputs[name];
    const rule = spec.vjp[name];
    if (!input || !rule || !("gradient" in rule)) continue;
    const { node } = input;
    if (!node) continue;
    tracked.push({ name, rule, dtype: input.dtype });
    nodes.push(node);
  }
  if (tracked.length === 0) return undefined;
  const sources: Record<string, Tensor | undefined> = { ...inputs, y, ...aux };
  const shapes: Record<string, readonly number[]> = {};
  for (const name in sources) if (sources[name]) shapes[name] = sources[name].shape;
  const names: string[] = [];
  const note = (name: string): void => {
    if (sources[name] && !names.includes(name)) names.push(name);
  };
  for (const { rule } of tracked) rule.saves.forEach(note);
  spec.joint?.saves.forEach(note);
  const saved = names.map((name) => save(sources[name] as Tensor, name === "y" ? undefined : sources[name]?.node));
  const made = new Recorded<A>(spec as unknown as OpSpec<OpInputs, A, string>, nodes, saved, tracked, names, {
    attrs,
    shapes,
  });
  const [node] = enter(made, [y.shape]);
  // What was saved of y must lead back through this very node, or second derivatives would stop there.
  const own = saved[names.indexOf("y")];
  if (own) own.tensor.node = node;
  return node;
}

/** One application of an op, on its way into the graph. */
class Recorded<A> implements Unentered {
  readonly op: string;
  readonly layer = currentLayer();
  readonly inputs: readonly Node[];
  saved: SavedTensor[] | undefined;
  readonly #spec: OpSpec<OpInputs, A, string>;
  readonly #tracked: readonly Tracked<A>[];
  /** Of what was saved. */
  readonly #names: readonly string[];
  readonly #context: VjpContext<A>;

  constructor(
    spec: OpSpec<OpInputs, A, string>,
    inputs: readonly Node[],
    saved: SavedTensor[],
    tracked: readonly Tracked<A>[],
    names: readonly string[],
    context: VjpContext<A>,
  ) {
    this.op = spec.name;
    this.inputs = inputs;
    this.saved = saved;
    this.#spec = spec;
    this.#tracked = tracked;
    this.#names = names;
    this.#context = context;
  }

  /** Gradients of halves are computed in float32 and rounded once, where the op has not its own way. */
  #wide<T extends Record<string, Tensor>>(given: T): T {
    const takesHalves = this.#spec.halves?.gradients;
    return takesHalves === "own" || (takesHalves === "kernels" && !isRecording()) ? given : allWidened(given);
  }

  *pull([given]: readonly (Tensor | undefined)[], wanted: readonly boolean[]): Iterable<Part> {
    const dy = given as Tensor;
    const { joint } = this.#spec;
    // A kernel that makes several gradients together cannot be differentiated itself: then, and for one alone, the rows do it.
    if (joint && !isRecording() && wanted.indexOf(true) !== wanted.lastIndexOf(true)) {
      yield* this.#together(joint, dy, wanted);
      return;
    }
    // Halves are widened once for all rows.
    const whole = isHalf(dy.dtype) ? gradientOf(this, [dy], () => this.#wide({ dy }).dy) : dy;
    for (const [i, { name, rule, dtype }] of this.#tracked.entries()) {
      if (!wanted[i]) continue;
      const saved = savedBy(this, rule.saves, this.#names);
      // Operands that had one shape may be broadcast under vmap, where one of them has examples and the other has none.
      const x = gradientOf(this, [dy, whole, ...Object.values(saved)], () => {
        const own = rule.gradient(whole, this.#wide(saved), this.#context);
        return fitted(dtype, arithmetic.sumTo(own, this.#context.shapes[name] as number[]), dy, whole);
      });
      yield [i, x];
    }
    if (whole !== dy) whole.dispose();
  }

  /** By the joint row. */
  *#together({ saves, gradients }: JointVjp<A>, dy: Tensor, wanted: readonly boolean[]): Iterable<Part> {
    const saved = savedBy(this, saves, this.#names);
    const asked = new Set(this.#tracked.flatMap(({ name }, i) => (wanted[i] ? [name] : [])));
    const parts = inLayer(this, [dy, ...Object.values(saved)], () => {
      const given = this.#wide({ dy });
      const found = gradients(given.dy, this.#wide(saved), this.#context, asked);
      return this.#tracked.map(({ name, dtype }) => {
        const own = asked.has(name) ? found[name] : undefined;
        return own && fitted(dtype, own, dy, given.dy);
      });
    });
    for (const [i, part] of parts.entries()) if (part) yield [i, part];
  }
}

/** A gradient in the dtype of its input; dy itself where it is dy as it was widened. */
function fitted(dtype: Dtype, gradient: Tensor, dy: Tensor, wideDy: Tensor): Tensor {
  if (gradient === wideDy && dtype === dy.dtype) return dy;
  return gradient.dtype === dtype ? gradient : arithmetic.cast(gradient, dtype);
}

function savedBy(made: Unentered, wanted: readonly string[], names: readonly string[]) {
  const saved: Record<string, Tensor> = {};
  for (const name of wanted) {
    const index = names.indexOf(name);
    if (index >= 0) saved[name] = recall(made, index);
  }
  return saved;
}

/**
 * Computes gradients under the layer of their forward pass. Temporaries are freed; the results belong to the caller and to no scope, also those
 * that are among the tensors which were `lent`.
 */
function inLayer(
  { layer }: Unentered,
  lent: readonly Tensor[],
  gradients: () => readonly (Tensor | undefined)[],
): (Tensor | undefined)[] {
  const results = restoreLayer(layer && `${layer} (backward)`, () => scope(gradients));
  return results.map((result) => result && detachFromScopes(result, lent));
}

/** The same for one gradient. */
function gradientOf({ layer }: Unentered, lent: readonly Tensor[], gradient: () => Tensor): Tensor {
  return detachFromScopes(
    restoreLayer(layer && `${layer} (backward)`, () => scope(gradient)),
    lent,
  );
}

/** A gradient may be dy or a saved tensor itself; the caller must own what it gets. */
function detachFromScopes(result: Tensor, lent: readonly Tensor[]): Tensor {
  const own = result.alias();
  own.node = result.node;
  if (!lent.includes(result)) result.dispose();
  return own;
}
