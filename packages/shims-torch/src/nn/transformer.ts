// Layers, stacks and the whole of the transformer of "Attention is all you need".
import { type Args, bool, func, instance, int, type Kind, number, oneOf, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { placement, tensor } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import { ModuleList } from "./containers.js";
import { Dropout } from "./dropout.js";
import { gelu, relu } from "./functional_activation.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { copyModule } from "./module_copy.js";
import { MultiheadAttention } from "./multihead_attention.js";
import { LayerNorm } from "./norm.js";

export type Activation = "relu" | "gelu" | ((x: Tensor) => Tensor);
export const activationKind: Kind<Activation> = oneOf("relu", "gelu").either(func);
const optional = tensor.or(null);

export interface TransformerLayerArguments {
  /** Width of inputs and outputs. */
  d_model: number;
  nhead: number;
  /** Width between the two linear layers. */
  dim_feedforward: number;
  dropout: number;
  /** "relu", "gelu", a function or a module. */
  activation: Activation;
  layer_norm_eps: number;
  /** Whether inputs are [batch, length, width] and not [length, batch, width]. */
  batch_first: boolean;
  /** Whether normalisation comes before attention and feed-forward, and not behind. */
  norm_first: boolean;
  bias: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
export const behind = {
  layer_norm_eps: number.or(1e-5),
  batch_first: bool.or(false),
  norm_first: bool.or(false),
  bias: bool.or(true),
  ...placement,
} as const;
const layerRules = {
  d_model: int,
  nhead: int,
  dim_feedforward: int.or(2048),
  dropout: number.or(0.1),
  activation: activationKind.or(relu as Activation),
  ...behind,
} as const;
type LayerPositions = [
  d_model: number,
  nhead: number,
  dim_feedforward: number,
  dropout: number,
  activation: Activation,
  layer_norm_eps: number,
  batch_first: boolean,
  norm_first: boolean,
  bias: boolean,
];
const functionOf = (activation: Activation): ((x: Tensor) => Tensor) =>
  activation === "relu" ? relu : activation === "gelu" ? gelu : activation;

const readEncoderLayer = signature("torch.nn.TransformerEncoderLayer", layerRules);
export interface EncoderLayerInputs {
  src: Tensor;
  src_mask: Tensor | null;
  src_key_padding_mask: Tensor | null;
  is_causal: boolean;
}
const encoderLayerInputs = signature("torch.nn.TransformerEncoderLayer.forward", {
  src: tensor,
  src_mask: optional,
  src_key_padding_mask: optional,
  is_causal: false,
});

/** Attention to itself and a feed-forward network, each beside its input and normalised. */
export class TransformerEncoderLayer extends Module {
  declare self_attn: MultiheadAttention;
  declare linear1: Linear;
  declare dropout: Dropout;
  declare linear2: Linear;
  declare norm1: LayerNorm;
  declare norm2: LayerNorm;
  declare dropout1: Dropout;
  declare dropout2: Dropout;
  readonly norm_first: boolean;
  activation: (x: Tensor) => Tensor;

  constructor(...args: Args<LayerPositions, TransformerLayerArguments>) {
    super();
    const { d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, ...given } = readEncoderLayer(args);
    const { batch_first, norm_first, bias, ...place } = given;
    this.self_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, ...place });
    this.linear1 = new Linear(d_model, dim_feedforward, { bias, ...place });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dim_feedforward, d_model, { bias, ...place });
    this.norm_first = norm_first;
    this.norm1 = new LayerNorm(d_model, { eps: layer_norm_eps, bias, ...place });
    this.norm2 = new LayerNorm(d_model, { eps: layer_norm_eps, bias, ...place });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = functionOf(activation);
  }

  override forward(
    ...args: Args<
      [src: Tensor, src_mask: Tensor | null, src_key_padding_mask: Tensor | null, is_causal: boolean],
      EncoderLayerInputs
    >
  ): Tensor {
    const { src, src_mask, src_key_padding_mask, is_causal } = encoderLayerInputs(args);
    const attend = (x: Tensor): Tensor => this._sa_block(x, src_mask, src_key_padding_mask, is_causal);
    if (this.norm_first) {
      const x = src.add(attend(this.norm1(src)));
      return x.add(this._ff_block(this.norm2(x)));
    }
    const x = this.norm1(src.add(attend(src)));
    return this.norm2(x.add(this._ff_block(x)));
  }
  _sa_block(x: Tensor, attn_mask: Tensor | null, key_padding_mask: Tensor | null, is_causal = false): Tensor {
    const settings = { attn_mask, key_padding_mask, need_weights: false, is_causal };
    return this.dropout1(this.self_attn(x, x, x, settings)[0]);
  }
  _ff_block(x: Tensor): Tensor {
    return this.dropout2(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

const readDecoderLayer = signature("torch.nn.TransformerDecoderLayer", layerRules);
export interface DecoderLayerInputs {
  tgt: Tensor;
  /** What the encoder gave. */
  memory: Tensor;
  tgt_mask: Tensor | null;
  memory_mask: Tensor | null;
  tgt_key_padding_mask: Tensor | null;
  memory_key_padding_mask: Tensor | null;
  tgt_is_causal: boolean;
  memory_is_causal: boolean;
}
const decoderMasks = {
  tgt: tensor,
  memory: tensor,
  tgt_mask: optional,
  memory_mask: optional,
  tgt_key_padding_mask: optional,
  memory_key_padding_mask: optional,
} as const;
type DecoderPositions = [
  tgt: Tensor,
  memory: Tensor,
  tgt_mask: Tensor | null,
  memory_mask: Tensor | null,
  tgt_key_padding_mask: Tensor | null,
  memory_key_padding_mask: Tensor | null,
];
const decoderLayerInputs = signature("torch.nn.TransformerDecoderLayer.forward", {
  ...decoderMasks,
  tgt_is_causal: false,
  memory_is_causal: false,
});

/** Attention to itself, to the memory, and a feed-forward network, each beside its input and normalised. */
export class TransformerDecoderLayer extends Module {
  declare self_attn: MultiheadAttention;
  declare multihead_attn: MultiheadAttention;
  declare linear1: Linear;
  declare dropout: Dropout;
  declare linear2: Linear;
  declare norm1: LayerNorm;
  declare norm2: LayerNorm;
  declare norm3: LayerNorm;
  declare dropout1: Dropout;
  declare dropout2: Dropout;
  declare dropout3: Dropout;
  readonly norm_first: boolean;
  activation: (x: Tensor) => Tensor;

  constructor(...args: Args<LayerPositions, TransformerLayerArguments>) {
    super();
    const { d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, ...given } = readDecoderLayer(args);
    const { batch_first, norm_first, bias, ...place } = given;
    this.self_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, ...place });
    this.multihead_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, ...place });
    this.linear1 = new Linear(d_model, dim_feedforward, { bias, ...place });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dim_feedforward, d_model, { bias, ...place });
    this.norm_first = norm_first;
    this.norm1 = new LayerNorm(d_model, { eps: layer_norm_eps, bias, ...place });
    this.norm2 = new LayerNorm(d_model, { eps: layer_norm_eps, bias, ...place });
    this.norm3 = new LayerNorm(d_model, { eps: layer_norm_eps, bias, ...place });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = functionOf(activation);
  }

  override forward(
    ...args: Args<[...DecoderPositions, tgt_is_causal: boolean, memory_is_causal: boolean], DecoderLayerInputs>
  ): Tensor {
    const { tgt, memory, tgt_mask, memory_mask, ...rest } = decoderLayerInputs(args);
    const own = (x: Tensor): Tensor => this._sa_block(x, tgt_mask, rest.tgt_key_padding_mask, rest.tgt_is_causal);
    const other = (x: Tensor): Tensor =>
      this._mha_block(x, memory, memory_mask, rest.memory_key_padding_mask, rest.memory_is_causal);
    if (this.norm_first) {
      const x = tgt.add(own(this.norm1(tgt)));
      const y = x.add(other(this.norm2(x)));
      return y.add(this._ff_block(this.norm3(y)));
    }
    const x = this.norm1(tgt.add(own(tgt)));
    const y = this.norm2(x.add(other(x)));
    return this.norm3(y.add(this._ff_block(y)));
  }
  _sa_block(x: Tensor, attn_mask: Tensor | null, key_padding_mask: Tensor | null, is_causal = false): Tensor {
    const settings = { attn_mask, key_padding_mask, need_weights: false, is_causal };
    return this.dropout1(this.self_attn(x, x, x, settings)[0]);
  }
  _mha_block(
    x: Tensor,
    memory: Tensor,
    attn_mask: Tensor | null,
    key_padding_mask: Tensor | null,
    is_causal = false,
  ): Tensor {
    const settings = { attn_mask, key_padding_mask, need_weights: false, is_causal };
    return this.dropout2(this.multihead_attn(x, memory, memory, settings)[0]);
  }
  _ff_block(x: Tensor): Tensor {
    return this.dropout3(this.linear2(this.dropout(this.activation(this.linear1(x)))));
  }
}

const moduleKind = instance(() => Module, "a Module");
const norm = moduleKind.or(null);
const clones = (layer: Module, count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => copyModule(layer)));

const readEncoder = signature("torch.nn.TransformerEncoder", {
  encoder_layer: moduleKind,
  num_layers: int,
  norm,
  enable_nested_tensor: bool.or(true),
  mask_check: bool.or(true),
});
const encoderInputs = signature("torch.nn.TransformerEncoder.forward", {
  src: tensor,
  mask: optional,
  src_key_padding_mask: optional,
  is_causal: bool.or(null),
});
export interface EncoderArguments {
  encoder_layer: Module;
  num_layers: number;
  /** What normalises the last layer's output. */
  norm: Module | null;
  /** Of PyTorch's nested tensors: nothing is nested here, with the same results at places that are no padding. */
  enable_nested_tensor: boolean;
  mask_check: boolean;
}
/** Copies of an encoder layer, one behind another. */
export class TransformerEncoder extends Module {
  declare layers: ModuleList;
  readonly num_layers: number;
  declare norm: Module | null;
  readonly enable_nested_tensor: boolean;
  readonly mask_check: boolean;
  constructor(...args: Args<[encoder_layer: Module, num_layers: number, norm: Module | null], EncoderArguments>) {
    super();
    const { encoder_layer, num_layers, norm, enable_nested_tensor, mask_check } = readEncoder(args);
    this.layers = clones(encoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
    this.enable_nested_tensor = enable_nested_tensor;
    this.mask_check = mask_check;
  }
  override forward(
    ...args: Args<
      [src: Tensor, mask: Tensor | null, src_key_padding_mask: Tensor | null, is_causal: boolean | null],
      { src: Tensor; mask: Tensor | null; src_key_padding_mask: Tensor | null; is_causal: boolean | null }
    >
  ): Tensor {
    const { src, mask, src_key_padding_mask, is_causal } = encoderInputs(args);
    let x = src;
    for (const layer of this.layers)
      x = layer(x, { src_mask: mask, src_key_padding_mask, is_causal: is_causal ?? false });
    return this.norm ? this.norm(x) : x;
  }
}

const readDecoder = signature("torch.nn.TransformerDecoder", { decoder_layer: moduleKind, num_layers: int, norm });
const decoderInputs = signature("torch.nn.TransformerDecoder.forward", {
  ...decoderMasks,
  tgt_is_causal: bool.or(null),
  memory_is_causal: false,
});
type DecoderInputs = Omit<DecoderLayerInputs, "tgt_is_causal"> & { tgt_is_causal: boolean | null };
/** Copies of a decoder layer, one behind another. */
export class TransformerDecoder extends Module {
  declare layers: ModuleList;
  readonly num_layers: number;
  declare norm: Module | null;
  constructor(
    ...args: Args<
      [decoder_layer: Module, num_layers: number, norm: Module | null],
      { decoder_layer: Module; num_layers: number; norm: Module | null }
    >
  ) {
    super();
    const { decoder_layer, num_layers, norm } = readDecoder(args);
    this.layers = clones(decoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
  }
  override forward(
    ...args: Args<[...DecoderPositions, tgt_is_causal: boolean | null, memory_is_causal: boolean], DecoderInputs>
  ): Tensor {
    const { tgt, memory, tgt_is_causal, ...rest } = decoderInputs(args);
    let x = tgt;
    for (const layer of this.layers) x = layer(x, memory, { ...rest, tgt_is_causal: tgt_is_causal ?? false });
    return this.norm ? this.norm(x) : x;
  }
}
