// Attention without projections: by products, or by sums through tanh.
import {
  ArgumentError,
  add,
  arange,
  cast,
  dropout,
  greaterEqual,
  logicalAnd,
  matmul,
  mul,
  reshape,
  softmax,
  sub,
  sum,
  tanh,
  transpose,
  where,
} from "@facet/autograd";
import { bool, listOf, oneOf, show } from "@facet/dialect";
import { seedGenerator, seedKind } from "../config.js";
import { array, fraction } from "../kinds.js";
import type { Spec } from "../operation.js";
import { asTensor, floats, type KerasTensor, type Shape, Tensor, type TensorLike } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { type CallContext, type LayerInput, withTraining } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import type { Masks } from "./masks.js";

type Core = Tensor["core"];
const call = {
  mask: listOf(array.orNone).or(null),
  ...withTraining,
  return_attention_scores: bool.or(false),
  use_causal_mask: bool.or(false),
} as const;
const options = { call, masks: true } as const;

/** Whether a query's place is not before a key's: [queries, keys]. */
export const causalMask = (queries: number, keys: number): Core =>
  greaterEqual(reshape(arange(0, queries, 1, "int32"), [queries, 1]), reshape(arange(0, keys, 1, "int32"), [1, keys]));

function expectInputs(op: string, inputs: unknown): void {
  if (Array.isArray(inputs) && (inputs.length === 2 || inputs.length === 3)) return;
  const expected = "a list of [query, value] or [query, value, key]";
  throw new ArgumentError({
    op,
    argument: "inputs",
    expected,
    given: Array.isArray(inputs) ? `${inputs.length}` : show(inputs),
  });
}

/** The last two dimensions exchanged. */
const turned = (x: Core): Core => {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
};
/** Queries [..., Tq, 1, dim] and keys [..., 1, Tv, dim], added. */
function summed(query: Core, key: Core): Core {
  const [q, k] = [query.shape, key.shape];
  return add(
    reshape(query, [...q.slice(0, -1), 1, q.at(-1) as number]),
    reshape(key, [...k.slice(0, -2), 1, k.at(-2) as number, k.at(-1) as number]),
  );
}

/** What both layers do with scores [..., Tq, Tv]. */
function attend(
  scores: Core,
  [q, value]: readonly Tensor[],
  { mask, training, return_attention_scores, use_causal_mask }: CallContext,
  drop: (weights: Core) => Core,
): LayerInput<Tensor> {
  const given = (mask as readonly (TensorLike | null)[] | null | undefined) ?? [];
  const [queryMask, valueMask] = [given[0], given[1]].map((each) =>
    each ? cast(asTensor(each).core, "bool") : undefined,
  );
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  let seen = valueMask && reshape(valueMask, [...valueMask.shape.slice(0, -1), 1, keys]);
  if (use_causal_mask) {
    const causal = causalMask(queries, keys);
    seen = seen ? logicalAnd(seen, causal) : causal;
  }
  const weights = softmax(seen ? where(seen, scores, sub(scores, 1e9)) : scores, -1);
  const applied = matmul(training ? drop(weights) : weights, floats(value as Tensor));
  const shape = (q as Tensor).shape;
  const output = queryMask ? where(reshape(queryMask, [...shape.slice(0, -1), 1]), applied, 0) : applied;
  return return_attention_scores ? [new Tensor(output), new Tensor(weights)] : new Tensor(output);
}

function attentionSpecs(
  shapes: readonly Shape[],
  { return_attention_scores }: Readonly<Record<string, unknown>>,
): Spec[] {
  const [query, value, key = value] = shapes as [Shape, Shape, Shape?];
  const specs: Spec[] = [{ shape: [...query.slice(0, -1), value.at(-1) ?? null], dtype: "float32" }];
  if (return_attention_scores)
    specs.push({ shape: [...query.slice(0, -1), (key as Shape).at(-2) ?? null], dtype: "float32" });
  return specs;
}

const attentionRules = {
  use_scale: bool.or(false),
  score_mode: oneOf("dot", "concat").or("dot" as "dot" | "concat"),
  dropout: fraction.or(0),
  seed: seedKind.or(null),
} as const;
/** Inputs [query, value] or [query, value, key]: softmax of products of query and key, or of sums through tanh, times value. */
class AttentionLayer extends layerOf("Attention", attentionRules, ["use_scale", "score_mode", "dropout"], options) {
  readonly #keys = seedGenerator(this.seed);
  scale: VariableBase | undefined;
  concat_score_weight: VariableBase | undefined;

  override build(shapes: Shape | readonly Shape[]): void {
    expectInputs(this.className, shapes);
    const one = (name: string) => this.add_weight({ shape: [], initializer: "ones", name });
    if (this.use_scale) this.scale = one("scale");
    if (this.score_mode === "concat") this.concat_score_weight = one("concat_score_weight");
  }

  override compute_output_shape(shapes: readonly Shape[]): Shape {
    expectInputs(this.className, shapes);
    return (attentionSpecs(shapes, {})[0] as Spec).shape;
  }

  protected override specs(
    _args: readonly unknown[],
    keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    _first: KerasTensor,
  ): readonly Spec[] {
    return attentionSpecs(shapes as readonly Shape[], keywords);
  }

  override compute_mask(_: unknown, masks: Masks): Masks {
    return [masks].flat()[0] as Tensor | null;
  }

  #scores(query: Core, key: Core): Core {
    const scale = this.scale?.core;
    if (this.score_mode === "dot") {
      const products = matmul(query, turned(key));
      return scale ? mul(products, scale) : products;
    }
    const both = summed(query, key);
    const weight = (this.concat_score_weight as VariableBase).core;
    return mul(sum(tanh(scale ? mul(both, scale) : both), { axes: [-1] }), weight);
  }

  override call(inputs: readonly Tensor[], context: CallContext): LayerInput<Tensor> {
    expectInputs(this.className, inputs);
    const [query, value, key = value] = inputs as [Tensor, Tensor, Tensor?];
    return attend(this.#scores(floats(query), floats(key as Tensor)), inputs, context, (weights) =>
      this.dropout > 0 ? dropout(weights, this.dropout, this.#keys.next()) : weights,
    );
  }
}

const additiveRules = {
  use_scale: bool.or(true),
  dropout: fraction.or(0),
  "*": null,
  score_mode: oneOf("dot").or("dot"),
  seed: seedKind.or(null),
} as const;
/** As Attention; scores are sums of tanh(query + key), by a learned factor for each feature. */
class AdditiveAttentionLayer extends layerOf("AdditiveAttention", additiveRules, ["use_scale", "dropout"], {
  ...options,
  unsaved: ["score_mode"],
}) {
  readonly #keys = seedGenerator(this.seed);
  scale: VariableBase | undefined;

  override build(shapes: Shape | readonly Shape[]): void {
    expectInputs(this.className, shapes);
    const dim = this.knownExtent(shapes[0] as Shape, -1);
    if (this.use_scale) this.scale = this.add_weight({ shape: [dim], initializer: "glorot_uniform", name: "scale" });
  }

  override compute_output_shape(shapes: readonly Shape[]): Shape {
    expectInputs(this.className, shapes);
    return (attentionSpecs(shapes, {})[0] as Spec).shape;
  }

  protected override specs(
    _args: readonly unknown[],
    keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    _first: KerasTensor,
  ): readonly Spec[] {
    return attentionSpecs(shapes as readonly Shape[], keywords);
  }

  override compute_mask(_: unknown, masks: Masks): Masks {
    return [masks].flat()[0] as Tensor | null;
  }

  override call(inputs: readonly Tensor[], context: CallContext): LayerInput<Tensor> {
    expectInputs(this.className, inputs);
    const [query, value, key = value] = inputs as [Tensor, Tensor, Tensor?];
    const bent = tanh(summed(floats(query), floats(key as Tensor)));
    const scores = sum(this.scale ? mul(bent, this.scale.core) : bent, { axes: [-1] });
    return attend(scores, inputs, context, (weights) =>
      this.dropout > 0 ? dropout(weights, this.dropout, this.#keys.next()) : weights,
    );
  }
}

export const Attention = /* @__PURE__ */ layerClass(AttentionLayer);
export type Attention = AttentionLayer;
export const AdditiveAttention = /* @__PURE__ */ layerClass(AdditiveAttentionLayer);
export type AdditiveAttention = AdditiveAttentionLayer;
