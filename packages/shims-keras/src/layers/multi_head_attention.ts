// Attention of several heads over learned projections.
import {
  ArgumentError,
  abs,
  arange,
  attention,
  cast,
  dropout,
  einsum,
  less,
  logicalAnd,
  mul,
  repeatElements,
  reshape,
  sub,
  where,
} from "@facet/autograd";
import { bool, listOf, only } from "@facet/dialect";
import { softmaxAlong } from "../activations.js";
import { type SeedGenerator, seedGenerator, seedKind } from "../config.js";
import { array, fraction, intOrInts, positive } from "../kinds.js";
import type { Spec } from "../operation.js";
import { asTensor, KerasTensor, pythonShape, type Shape, Tensor, type TensorLike } from "../tensor.js";
import {
  type CallContext,
  constraint,
  initializer,
  inputsKind,
  type LayerInput,
  regularizer,
  withTraining,
} from "./arguments.js";
import { causalMask } from "./attention.js";
import { type BuiltInLayer, layerClass, layerOf } from "./define.js";
import { EinsumDense } from "./dense.js";

type Core = Tensor["core"];
const someMask = array.or(null);
const call = {
  value: inputsKind,
  key: inputsKind.or(null),
  query_mask: someMask,
  value_mask: someMask,
  key_mask: someMask,
  attention_mask: someMask,
  return_attention_scores: bool.or(false),
  ...withTraining,
  use_causal_mask: bool.or(false),
} as const;
const weights = {
  kernel_initializer: initializer.or("glorot_uniform"),
  bias_initializer: initializer.or("zeros"),
  kernel_regularizer: regularizer,
  bias_regularizer: regularizer,
} as const;
const constraints = { kernel_constraint: constraint, bias_constraint: constraint } as const;
/** There is one way to compute attention here; it keeps no scores in any case. */
const flash = { flash_attention: only(null, false) } as const;
const options = { call, first: "query", masks: true, unsaved: ["flash_attention"] } as const;

interface Projected {
  query: Core;
  key: Core;
  value: Core;
}
type Dense = InstanceType<typeof EinsumDense>;
interface Heads extends BuiltInLayer {
  readonly use_bias: boolean;
  readonly use_gate: boolean;
  query_dense: Dense | undefined;
  key_dense: Dense | undefined;
  gate_dense: Dense | undefined;
  value_dense: Dense | undefined;
  output_dense: Dense | undefined;
}

/** The shapes of query, value and key. */
function shapesOfCall(query: Shape | readonly Shape[], { value, key }: Readonly<Record<string, unknown>>): Shape[] {
  const of = (given: unknown): Shape =>
    given instanceof KerasTensor || given instanceof Tensor ? given.shape : asTensor(given as TensorLike).shape;
  return [query as Shape, of(value), of(key ?? value)];
}

/** Shapes as `build` gets them: in one list, or one after another. */
function threeShapes(given: Shape | readonly Shape[], more: readonly (Shape | undefined)[]): [Shape, Shape, Shape] {
  const all = (Array.isArray(given[0]) ? given : [given, ...more]) as readonly Shape[];
  const value = all[1] ?? (all[0] as Shape);
  return [all[0] as Shape, value, all[2] ?? value];
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** The equation of a projection: free dimensions stay, bound ones are summed, others are made. */
function projection(free: number, bound: number, made: number): { equation: string; made: string } {
  const [kept, summed, out] = [
    LETTERS.slice(0, free),
    LETTERS.slice(free, free + bound),
    LETTERS.slice(free + bound, free + bound + made),
  ];
  return { equation: `${kept}${summed},${summed}${out}->${kept}${out}`, made: out };
}

/** A projection of a layer, under Keras' name. */
function dense(
  layer: Heads,
  name: string,
  shape: Shape,
  bound: number,
  out: readonly number[],
  activation: "sigmoid" | null = null,
): Dense {
  const free = shape.length - bound;
  const { equation, made } = projection(free, bound, out.length);
  const given = layer as unknown as Record<string, never>;
  const common = Object.fromEntries(
    [...Object.keys(weights), ...Object.keys(constraints)].map((key) => [key, given[key]]),
  );
  const output_shape = [...new Array<null>(free - 1).fill(null), ...out];
  const bias_axes = layer.use_bias ? made : null;
  const built = new EinsumDense({ equation, output_shape, bias_axes, activation, name, ...common } as never) as Dense;
  built.ensureBuilt(shape);
  return built;
}

/** What every mask of a call says together, of queries [.., T, 1] and keys [.., 1, S]. */
function seenOf(
  query: Shape,
  value: Shape,
  context: CallContext,
  window: number | null,
  causal: boolean,
): Core | undefined {
  const bools = (given: unknown): Core | undefined =>
    given ? cast(asTensor(given as TensorLike).core, "bool") : undefined;
  const [queries, keys] = [query[1] as number, value[1] as number];
  const parts: (Core | undefined)[] = [];
  const own = bools(context.query_mask);
  if (own) parts.push(reshape(own, [...own.shape, 1]));
  for (const mask of [bools(context.value_mask), bools(context.key_mask)])
    if (mask) parts.push(reshape(mask, [...mask.shape.slice(0, -1), 1, mask.shape.at(-1) as number]));
  if (causal) parts.push(reshape(causalMask(queries, keys), [1, queries, keys]));
  if (window !== null) {
    const rows = reshape(arange(0, queries, 1, "int32"), [1, queries, 1]);
    parts.push(less(abs(sub(rows, reshape(arange(0, keys, 1, "int32"), [1, 1, keys]))), window));
  }
  parts.push(bools(context.attention_mask));
  return parts
    .filter((part): part is Core => part !== undefined)
    .reduce<Core | undefined>((a, b) => (a ? logicalAnd(a, b) : b), undefined);
}

/** A mask with dimensions of extent 1 put before what it says of queries and keys, as many as scores have more. */
function raisedTo(mask: Core, rank: number, own: number): Core {
  const at = mask.rank - own;
  const ones = new Array<number>(Math.max(0, rank - mask.rank)).fill(1);
  return reshape(mask, [...mask.shape.slice(0, Math.max(0, at)), ...ones, ...mask.shape.slice(Math.max(0, at))]);
}

interface Scored {
  readonly scale: number;
  readonly rate: number;
  readonly keys: SeedGenerator;
  readonly window: number | null;
  /** Equations of scores and of results, and how many attention axes there are, of projections of another rank than 4. */
  readonly equations: { readonly scores: string; readonly results: string; readonly axes: number };
  /** Whether the first operand of the scores is the key. */
  readonly keyFirst: boolean;
  readonly repeats: number;
}

/** Results [..., heads, width] and, where they are asked for, scores. */
function attend(
  { query, key, value }: Projected,
  [q, v]: readonly [Shape, Shape],
  context: CallContext,
  { scale, rate, keys, window, equations, keyFirst, repeats }: Scored,
): [Core, Core | undefined] {
  const causal = context.use_causal_mask === true;
  const wantsScores = context.return_attention_scores === true;
  const others =
    context.query_mask || context.value_mask || context.key_mask || context.attention_mask || window !== null;
  if (rate === 0 && !wantsScores && query.rank === 4) {
    const mask = others ? seenOf(q, v, context, window, causal) : undefined;
    const given = mask ? { mask: raisedTo(mask, 4, 2) } : { causal };
    return [attention(query, key, value, { layout: "BTHD", scale, emptyRows: "uniform", ...given }), undefined];
  }
  const every = (x: Core): Core => (repeats === 1 ? x : repeatElements(x, repeats, { axis: 2 }));
  const mask = seenOf(q, v, context, window, causal);
  const scaled = mul(query, scale);
  const scores = keyFirst ? einsum(equations.scores, every(key), scaled) : einsum(equations.scores, scaled, every(key));
  const axes = Array.from({ length: equations.axes }, (_, i) => scores.rank - equations.axes + i);
  const keep = mask && raisedTo(mask, scores.rank, 2 * equations.axes);
  const soft = softmaxAlong(new Tensor(keep ? where(keep, scores, -1e9) : scores), axes.length === 1 ? -1 : axes).core;
  const weights = keep ? where(keep, soft, 0) : soft;
  const used = context.training && rate > 0 ? dropout(weights, rate, keys.next()) : weights;
  return [einsum(equations.results, used, every(value)), weights];
}

/** A call of either layer: projections, attention as `scored` says of projections of a rank, and back. */
function attended(
  layer: Heads,
  query: Tensor,
  context: CallContext,
  scored: (rank: number) => Scored,
): LayerInput<Tensor> {
  const value = asTensor(context.value as TensorLike);
  const key = context.key === null ? value : asTensor(context.key as TensorLike);
  const run = (projection: Dense | undefined, x: Tensor): Core => (projection as Dense).call(x).core;
  const projected = {
    query: run(layer.query_dense, query),
    key: run(layer.key_dense, key),
    value: run(layer.value_dense, value),
  };
  const gate = layer.gate_dense && run(layer.gate_dense, query);
  const [output, scores] = attend(projected, [query.shape, value.shape], context, scored(projected.query.rank));
  const result = run(layer.output_dense, new Tensor(gate ? mul(output, gate) : output));
  return scores && context.return_attention_scores ? [new Tensor(result), new Tensor(scores)] : new Tensor(result);
}

/** Equations for projections [batch, ..., heads, width] with attention over some axes. */
function equationsOf(rank: number, axes: readonly number[]): Scored["equations"] {
  const target = LETTERS.slice(0, rank);
  const batch = [...target].map((_, i) => i).filter((i) => !axes.includes(i) && i !== rank - 1);
  let next = rank;
  const source = [...target].map((letter, i) =>
    batch.includes(i) || i === rank - 1 ? letter : (LETTERS[next++] as string),
  );
  const product = [...batch, ...axes].map((i) => target[i]).join("") + axes.map((i) => source[i]).join("");
  const from = source.join("");
  return { scores: `${from},${target}->${product}`, results: `${product},${from}->${target}`, axes: axes.length };
}

const multiRules = {
  num_heads: positive,
  key_dim: positive,
  value_dim: positive.or(null),
  dropout: fraction.or(0),
  use_bias: bool.or(true),
  output_shape: positive.either(listOf(positive)).or(null),
  attention_axes: intOrInts.or(null),
  sliding_window: positive.or(null),
  ...flash,
  ...weights,
  activity_regularizer: regularizer,
  ...constraints,
  use_gate: bool.or(false),
  seed: seedKind.or(null),
} as const;

/**
 * softmax(q k' / sqrt(key_dim)) v for every head, over projections of query [n, T, ...], value and key [n, S, ...], projected back.
 * Called `layer(query, value, key, { attention_mask, return_attention_scores, use_causal_mask })`; key defaults to value.
 */
class MultiHeadAttentionLayer extends layerOf(
  "MultiHeadAttention",
  multiRules,
  ["num_heads", "key_dim", "value_dim", "dropout"],
  {
    ...options,
    normal: ({ value_dim, key_dim, output_shape, attention_axes }) => ({
      value_dim: value_dim ?? key_dim,
      output_shape: output_shape === null ? null : [output_shape].flat(),
      attention_axes: (attention_axes === null ? null : [attention_axes].flat()) as readonly number[] | null,
    }),
  },
) {
  readonly #keys = seedGenerator(this.seed);
  query_dense: Dense | undefined;
  key_dense: Dense | undefined;
  gate_dense: Dense | undefined;
  value_dense: Dense | undefined;
  output_dense: Dense | undefined;

  protected override shapesToBuild(shapes: Shape | readonly Shape[], keywords: Readonly<Record<string, unknown>>) {
    return shapesOfCall(shapes, keywords);
  }

  override build(given: Shape | readonly Shape[], ...more: readonly Shape[]): void {
    const [query, value, key] = threeShapes(given, more);
    this.#expectSame(value, key);
    const [keys, values] = [
      [this.num_heads, this.key_dim],
      [this.num_heads, this.value_dim],
    ];
    this.query_dense = dense(this, "query", query, 1, keys);
    this.key_dense = dense(this, "key", key, 1, keys);
    if (this.use_gate) this.gate_dense = dense(this, "gate", query, 1, values, "sigmoid");
    this.value_dense = dense(this, "value", value, 1, values);
    const rank = query.length + 1;
    this.attention_axes = (this.attention_axes ?? Array.from({ length: rank - 3 }, (_, i) => i + 1)).map((axis) =>
      axis < 0 ? rank - 1 + axis : axis,
    );
    const projected = [...query.slice(0, -1), ...values];
    this.output_dense = dense(
      this,
      "attention_output",
      projected,
      2,
      this.output_shape ?? [this.knownExtent(query, -1)],
    );
  }

  #expectSame(value: Shape, key: Shape): void {
    if (`${value.slice(1, -1)}` === `${key.slice(1, -1)}`) return;
    const expected = `${pythonShape(value)} but for the last dimension, as value`;
    throw new ArgumentError({ op: this.className, argument: "key", expected, given: pythonShape(key) });
  }

  override compute_output_shape(query: Shape): Shape {
    return this.output_shape ? [...query.slice(0, -1), ...this.output_shape] : query;
  }

  protected override specs(
    _args: readonly unknown[],
    { return_attention_scores }: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    _first: KerasTensor,
  ): readonly Spec[] {
    const query = shapes as Shape;
    const scores = [query[0] ?? null, this.num_heads, query[1] ?? null, query[1] ?? null];
    const all = return_attention_scores
      ? [this.compute_output_shape(query), scores]
      : [this.compute_output_shape(query)];
    return all.map((shape) => ({ shape, dtype: "float32" }));
  }

  override call(query: Tensor, context: CallContext): LayerInput<Tensor> {
    return attended(this, query, context, (rank) => ({
      scale: 1 / Math.sqrt(this.key_dim),
      rate: this.dropout,
      keys: this.#keys,
      window: this.sliding_window,
      equations: equationsOf(rank, this.attention_axes as readonly number[]),
      keyFirst: true,
      repeats: 1,
    }));
  }
}

const groupRules = {
  head_dim: positive,
  num_query_heads: positive,
  num_key_value_heads: positive,
  dropout: fraction.or(0),
  use_bias: bool.or(true),
  sliding_window: positive.or(null),
  ...flash,
  ...weights,
  activity_regularizer: regularizer,
  ...constraints,
  use_gate: bool.or(false),
  seed: seedKind.or(null),
} as const;
const GROUPED = { scores: "bquh,bkuh->buqk", results: "buqk,bkuh->bquh", axes: 1 } as const;

/** As MultiHeadAttention; each of fewer heads of keys and values serves a group of neighbouring query heads. */
class GroupQueryAttentionLayer extends layerOf(
  "GroupQueryAttention",
  groupRules,
  ["head_dim", "num_query_heads", "num_key_value_heads", "dropout"],
  options,
) {
  readonly #keys = seedGenerator(this.seed);
  query_dense: Dense | undefined;
  key_dense: Dense | undefined;
  gate_dense: Dense | undefined;
  value_dense: Dense | undefined;
  output_dense: Dense | undefined;

  constructor(...args: readonly unknown[]) {
    super(...(args as []));
    if (this.num_query_heads % this.num_key_value_heads === 0) return;
    const expected = `a divisor of the ${this.num_query_heads} query heads`;
    const given = `${this.num_key_value_heads}`;
    throw new ArgumentError({ op: this.className, argument: "num_key_value_heads", expected, given });
  }

  protected override shapesToBuild(shapes: Shape | readonly Shape[], keywords: Readonly<Record<string, unknown>>) {
    return shapesOfCall(shapes, keywords);
  }

  override build(given: Shape | readonly Shape[], ...more: readonly Shape[]): void {
    const [query, value, key] = threeShapes(given, more);
    const [own, shared] = [
      [this.num_query_heads, this.head_dim],
      [this.num_key_value_heads, this.head_dim],
    ];
    this.query_dense = dense(this, "query", query, 1, own);
    this.key_dense = dense(this, "key", key, 1, shared);
    if (this.use_gate) this.gate_dense = dense(this, "gate", query, 1, own, "sigmoid");
    this.value_dense = dense(this, "value", value, 1, shared);
    const projected = [...query.slice(0, -1), ...own];
    this.output_dense = dense(this, "attention_output", projected, 2, [this.knownExtent(query, -1)]);
  }

  override compute_output_shape(query: Shape): Shape {
    return query;
  }

  protected override specs(
    _args: readonly unknown[],
    keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    _first: KerasTensor,
  ): readonly Spec[] {
    const [query, , key] = shapesOfCall(shapes, keywords) as [Shape, Shape, Shape];
    const scores = [query[0] ?? null, this.num_query_heads, query[1] ?? null, key[1] ?? null];
    return (keywords.return_attention_scores ? [query, scores] : [query]).map((shape) => ({ shape, dtype: "float32" }));
  }

  override call(query: Tensor, context: CallContext): LayerInput<Tensor> {
    return attended(this, query, context, () => ({
      scale: 1 / Math.sqrt(this.head_dim),
      rate: this.dropout,
      keys: this.#keys,
      window: this.sliding_window,
      equations: GROUPED,
      keyFirst: false,
      repeats: this.num_query_heads / this.num_key_value_heads,
    }));
  }
}

export const MultiHeadAttention = /* @__PURE__ */ layerClass(MultiHeadAttentionLayer);
export type MultiHeadAttention = MultiHeadAttentionLayer;
export const GroupQueryAttention = /* @__PURE__ */ layerClass(GroupQueryAttentionLayer);
export type GroupQueryAttention = GroupQueryAttentionLayer;
