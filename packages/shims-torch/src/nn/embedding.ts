// Tables of rows that are looked up by number, as layers.
import { ArgumentError, noGrad, ShapeError } from "@facet/autograd";
import { type Args, bool, int, number, oneOf, only, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement, tensor } from "../kinds.js";
import { tensor as numbers, zeros } from "../ops/creation.js";
import { pythonRepr, sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";
import { embedding, embedding_bag, paddingRow } from "./functional_embedding.js";
import { normal_ } from "./init.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";

interface Table {
  num_embeddings: number;
  embedding_dim: number;
  /** Row of zeros that has no gradient; negative numbers count from the end. */
  padding_idx: number | null;
  /** Rows that are looked up are first scaled down to this norm where theirs is larger. */
  max_norm: number | null;
  /** Of max_norm. */
  norm_type: number;
  /** Gradients are never sparse. */
  sparse: false;
  /** The table to begin with. */
  _weight: Tensor | null;
  device: Device | string | null;
  dtype: Dtype | null;
}

/** The table: given, or drawn from N(0, 1) with zeros for the row of padding. */
function tableOf(
  op: string,
  { num_embeddings, embedding_dim, _weight }: Pick<Table, "num_embeddings" | "embedding_dim" | "_weight">,
  requires_grad: boolean,
): Parameter {
  requireExtents(op, { num_embeddings, embedding_dim });
  const shape = [num_embeddings, embedding_dim];
  if (_weight && `${_weight.shape}` !== `${shape}`)
    complain(ShapeError, "Shape of weight does not match num_embeddings and embedding_dim", {
      op,
      argument: "_weight",
      expected: sizeText(shape),
      given: sizeText(_weight.shape),
    });
  return new Parameter(_weight ?? zeros(shape), requires_grad);
}
function draw(weight: Parameter, padding_idx: number | null): void {
  normal_(weight);
  if (padding_idx !== null) noGrad(() => weight.index_fill_(0, numbers([padding_idx]), 0));
}
function requireMatrix(op: string, embeddings: Tensor): void {
  if (embeddings.rank !== 2)
    complain(ArgumentError, "Embeddings parameter is expected to be 2-dimensional", {
      op,
      argument: "embeddings",
      expected: "rank 2",
      given: sizeText(embeddings.shape),
    });
}
const limits = { max_norm: number.or(null), norm_type: number.or(2) } as const;

export interface EmbeddingArguments extends Table {
  scale_grad_by_freq: boolean;
  /** Whether the table has no gradient. */
  _freeze: boolean;
}
const read = signature("torch.nn.Embedding", {
  num_embeddings: int,
  embedding_dim: int,
  padding_idx: int.or(null),
  ...limits,
  scale_grad_by_freq: false,
  sparse: only(false),
  _weight: tensor.or(null),
  _freeze: bool.or(false),
  ...placement,
});
const inputs = inputOf("Embedding");
const readReset = signature("torch.nn.Embedding.reset_parameters", {});
const readPretrained = signature("torch.nn.Embedding.from_pretrained", {
  embeddings: tensor,
  freeze: bool.or(true),
  padding_idx: int.or(null),
  ...limits,
  scale_grad_by_freq: false,
  sparse: only(false),
});
interface Pretrained extends Omit<EmbeddingArguments, "num_embeddings" | "embedding_dim" | "_weight" | "_freeze"> {
  /** Whether the table has no gradient. */
  freeze: boolean;
}

/** Rows of a table [num_embeddings, embedding_dim] by int64 numbers of any shape; the table begins as N(0, 1). */
export class Embedding extends Module {
  readonly num_embeddings: number;
  readonly embedding_dim: number;
  readonly padding_idx: number | null;
  readonly max_norm: number | null;
  readonly norm_type: number;
  readonly scale_grad_by_freq: boolean;
  readonly sparse: false;
  weight: Parameter;

  constructor(
    ...args: Args<
      [
        num_embeddings: number,
        embedding_dim: number,
        padding_idx: number | null,
        max_norm: number | null,
        norm_type: number,
        scale_grad_by_freq: boolean,
      ],
      EmbeddingArguments
    >
  ) {
    super();
    const given = read(args);
    placed("Embedding", given);
    this.num_embeddings = given.num_embeddings;
    this.embedding_dim = given.embedding_dim;
    this.padding_idx = paddingRow("Embedding", given.padding_idx, given.num_embeddings) ?? null;
    this.max_norm = given.max_norm;
    this.norm_type = given.norm_type;
    this.scale_grad_by_freq = given.scale_grad_by_freq;
    this.sparse = given.sparse;
    this.weight = tableOf("Embedding", given, !given._freeze);
    if (!given._weight) this.reset_parameters();
  }

  /** A layer around a table [rows, width], frozen unless `freeze` is false. It shares the table's memory. */
  static from_pretrained(
    ...args: [
      embeddings: Tensor,
      ...Args<
        [
          freeze: boolean,
          padding_idx: number | null,
          max_norm: number | null,
          norm_type: number,
          scale_grad_by_freq: boolean,
        ],
        Pretrained
      >,
    ]
  ): Embedding {
    return pretrained(readPretrained(args));
  }
  /** Draws a new table. */
  reset_parameters(...args: []): void {
    readReset(args);
    draw(this.weight, this.padding_idx);
  }
  override forward(...args: Input): Tensor {
    const { padding_idx, max_norm, norm_type, scale_grad_by_freq } = this;
    return embedding(inputs(args).input, this.weight, { padding_idx, max_norm, norm_type, scale_grad_by_freq });
  }
  override extra_repr(): string {
    const { padding_idx, max_norm, norm_type, scale_grad_by_freq } = this;
    const parts = [`${this.num_embeddings}, ${this.embedding_dim}`];
    if (padding_idx !== null) parts.push(`padding_idx=${padding_idx}`);
    if (max_norm !== null) parts.push(`max_norm=${pythonRepr(max_norm)}`);
    if (norm_type !== 2) parts.push(`norm_type=${pythonRepr(norm_type)}`);
    if (scale_grad_by_freq) parts.push("scale_grad_by_freq=True");
    return parts.join(", ");
  }
}

type Mode = "sum" | "mean" | "max";
export interface EmbeddingBagSettings extends Table {
  scale_grad_by_freq: false;
  /** How a bag becomes one row. */
  mode: Mode;
  /** Whether the last offset is the end. */
  include_last_offset: boolean;
}
const bagRules = {
  ...limits,
  scale_grad_by_freq: only(false),
  mode: oneOf("sum", "mean", "max").or("mean"),
  sparse: only(false),
} as const;
const readBag = signature("torch.nn.EmbeddingBag", {
  num_embeddings: int,
  embedding_dim: int,
  ...bagRules,
  _weight: tensor.or(null),
  include_last_offset: false,
  padding_idx: int.or(null),
  ...placement,
});
const bagInputs = signature("torch.nn.EmbeddingBag.forward", {
  input: tensor,
  offsets: tensor.or(null),
  per_sample_weights: tensor.or(null),
});
const readBagReset = signature("torch.nn.EmbeddingBag.reset_parameters", {});
const readBagPretrained = signature("torch.nn.EmbeddingBag.from_pretrained", {
  embeddings: tensor,
  freeze: bool.or(true),
  ...bagRules,
  include_last_offset: false,
  padding_idx: int.or(null),
});
interface BagPretrained
  extends Omit<EmbeddingBagSettings, "num_embeddings" | "embedding_dim" | "_weight" | "device" | "dtype"> {
  freeze: boolean;
}

/** The sum, mean or maximum of the rows of each bag, without the rows between. */
export class EmbeddingBag extends Module {
  readonly num_embeddings: number;
  readonly embedding_dim: number;
  readonly max_norm: number | null;
  readonly norm_type: number;
  readonly scale_grad_by_freq: false;
  readonly mode: Mode;
  readonly sparse: false;
  readonly include_last_offset: boolean;
  readonly padding_idx: number | null;
  weight: Parameter;

  constructor(
    ...args: Args<
      [
        num_embeddings: number,
        embedding_dim: number,
        max_norm: number | null,
        norm_type: number,
        scale_grad_by_freq: false,
        mode: Mode,
      ],
      EmbeddingBagSettings
    >
  ) {
    super();
    const given = readBag(args);
    placed("EmbeddingBag", given);
    this.num_embeddings = given.num_embeddings;
    this.embedding_dim = given.embedding_dim;
    this.max_norm = given.max_norm;
    this.norm_type = given.norm_type;
    this.scale_grad_by_freq = given.scale_grad_by_freq;
    this.mode = given.mode;
    this.sparse = given.sparse;
    this.include_last_offset = given.include_last_offset;
    this.padding_idx = paddingRow("EmbeddingBag", given.padding_idx, given.num_embeddings) ?? null;
    this.weight = tableOf("EmbeddingBag", given, true);
    if (!given._weight) this.reset_parameters();
  }

  /** A layer around a table [rows, width], frozen unless `freeze` is false. */
  static from_pretrained(
    ...args: [
      embeddings: Tensor,
      ...Args<
        [freeze: boolean, max_norm: number | null, norm_type: number, scale_grad_by_freq: false, mode: Mode],
        BagPretrained
      >,
    ]
  ): EmbeddingBag {
    return pretrainedBag(readBagPretrained(args));
  }
  /** Draws a new table. */
  reset_parameters(...args: []): void {
    readBagReset(args);
    draw(this.weight, this.padding_idx);
  }
  /** Of input [bags, length], or of a line of numbers with the `offsets` at which bags begin. */
  override forward(
    ...args: Args<
      [input: Tensor, offsets: Tensor | null, per_sample_weights: Tensor | null],
      { input: Tensor; offsets: Tensor | null; per_sample_weights: Tensor | null }
    >
  ): Tensor {
    const { input, ...rest } = bagInputs(args);
    const { max_norm, norm_type, mode, include_last_offset, padding_idx } = this;
    const settings = { max_norm, norm_type, mode, include_last_offset, padding_idx };
    return embedding_bag(input, this.weight, { ...rest, ...settings });
  }
  override extra_repr(): string {
    const { max_norm, norm_type, mode, padding_idx } = this;
    const parts = [`${this.num_embeddings}, ${this.embedding_dim}`];
    if (max_norm !== null) parts.push(`max_norm=${pythonRepr(max_norm)}`);
    if (norm_type !== 2) parts.push(`norm_type=${pythonRepr(norm_type)}`);
    parts.push(`mode=${pythonRepr(mode)}`);
    if (padding_idx !== null) parts.push(`padding_idx=${padding_idx}`);
    return parts.join(", ");
  }
}

// Apart from the classes, which esbuild renames where they name themselves.
function pretrained({ embeddings, freeze, ...rest }: ReturnType<typeof readPretrained>): Embedding {
  requireMatrix("from_pretrained", embeddings);
  const [num_embeddings, embedding_dim] = embeddings.shape as [number, number];
  return new Embedding(num_embeddings, embedding_dim, { ...rest, _weight: embeddings, _freeze: freeze });
}

function pretrainedBag({ embeddings, freeze, ...rest }: ReturnType<typeof readBagPretrained>): EmbeddingBag {
  requireMatrix("from_pretrained", embeddings);
  const [num_embeddings, embedding_dim] = embeddings.shape as [number, number];
  const made = new EmbeddingBag(num_embeddings, embedding_dim, { ...rest, _weight: embeddings });
  made.weight.requires_grad_(!freeze);
  return made;
}
