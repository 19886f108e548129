// Rows of a table by index.
import {
  ArgumentError,
  cast,
  div,
  embedding,
  formatShape,
  matmul,
  mul,
  notEqual,
  ShapeError,
  tanh,
  transpose,
} from "@facet/autograd";
import { bool, number, only } from "@facet/dialect";
import { array, positive } from "../kinds.js";
import { asTensor, floats, type Shape, Tensor, type TensorLike } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { type CallContext, constraint, initializer, regularizer } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";
import type { Masks } from "./masks.js";

const table = {
  embeddings_initializer: initializer.or("uniform"),
  embeddings_regularizer: regularizer,
  embeddings_constraint: constraint,
  mask_zero: bool.or(false),
} as const;
const notThere = { lora_rank: only(null), lora_alpha: only(null), quantization_config: only(null) } as const;
/** First values of the table: an array, or a list of one as `set_weights` takes. */
const tableWeights = array.or(null);

const embeddingRules = {
  input_dim: positive,
  output_dim: positive,
  ...table,
  weights: tableWeights,
  ...notThere,
} as const;

/** The table of a layer: made when it is built, and set where the layer was given its values. */
function addTable(
  layer: { input_dim: number; output_dim: number },
  made: VariableBase,
  given: TensorLike | null,
): void {
  if (given === null) return;
  const first =
    Array.isArray(given) && given.length === 1 && !(Array.isArray(given[0]) && typeof given[0][0] === "number");
  const values = asTensor((first ? given[0] : given) as TensorLike, "Embedding");
  if (`${values.shape}` !== `${made.shape}`) {
    const expected = formatShape([layer.input_dim, layer.output_dim]);
    throw new ShapeError({ op: "Embedding", argument: "weights", expected, given: formatShape(values.shape) });
  }
  made.assign(values);
}

/** Whole numbers [...] to rows [..., output_dim] of a table [input_dim, output_dim]; `mask_zero` masks steps with a 0. */
class EmbeddingLayer extends layerOf("Embedding", embeddingRules, ["input_dim", "output_dim"], {
  normal: ({ weights }) => ({ first_weights: weights as TensorLike | null }),
}) {
  embeddings: VariableBase | undefined;

  override build(): void {
    this.embeddings = this.weightOf("embeddings", [this.input_dim, this.output_dim]);
    addTable(this, this.embeddings, this.first_weights);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    return [...inputShape, this.output_dim];
  }

  override compute_mask(x: Tensor): Masks {
    return this.mask_zero ? new Tensor(notEqual(x.core, 0)) : null;
  }

  override call(x: Tensor): Tensor {
    return new Tensor(embedding((this.embeddings as VariableBase).core, cast(x.core, "int32")));
  }
}

const reversibleRules = {
  input_dim: positive,
  output_dim: positive,
  tie_weights: bool.or(true),
  ...table,
  reverse_dtype: only(null, "float32"),
  logit_soft_cap: number.or(null),
  "*": null,
  weights: tableWeights,
  ...notThere,
} as const;
/** An Embedding that, called with `reverse`, gives products with all its rows, [..., output_dim] to [..., input_dim]. */
class ReversibleEmbeddingLayer extends layerOf("ReversibleEmbedding", reversibleRules, ["input_dim", "output_dim"], {
  call: { reverse: bool.or(false) },
  normal: ({ weights }) => ({ first_weights: weights as TensorLike | null }),
}) {
  embeddings: VariableBase | undefined;
  reverse_embeddings: VariableBase | undefined;

  override build(): void {
    this.embeddings = this.weightOf("embeddings", [this.input_dim, this.output_dim]);
    addTable(this, this.embeddings, this.first_weights);
    if (this.tie_weights) return;
    this.reverse_embeddings = this.add_weight({
      shape: [this.output_dim, this.input_dim],
      initializer: this.embeddings_initializer,
      name: "reverse_embeddings",
    });
  }

  override call(x: Tensor, { reverse = false }: Partial<CallContext>): Tensor {
    const { core } = this.embeddings as VariableBase;
    if (!reverse) {
      const y = new Tensor(embedding(core, cast(x.core, "int32")));
      if (this.mask_zero) y._keras_mask = new Tensor(notEqual(x.core, 0));
      return y;
    }
    if (x.shape.at(-1) !== this.output_dim) {
      const expected = `an input with ${this.output_dim} features where reverse is given`;
      throw new ArgumentError({ op: "ReversibleEmbedding", argument: "inputs", expected, given: formatShape(x.shape) });
    }
    const logits = matmul(floats(x), this.reverse_embeddings?.core ?? transpose(core, [1, 0]));
    const cap = this.logit_soft_cap;
    return new Tensor(cap === null ? logits : mul(tanh(div(logits, cap)), cap));
  }
}

export const Embedding = /* @__PURE__ */ layerClass(EmbeddingLayer);
export type Embedding = EmbeddingLayer;
export const ReversibleEmbedding = /* @__PURE__ */ layerClass(ReversibleEmbeddingLayer);
export type ReversibleEmbedding = ReversibleEmbeddingLayer;
