// The transformer as a whole: an encoder and a decoder.
import { ShapeError } from "@facet/autograd";
import { type Args, bool, instance, int, number, signature } from "@facet/dialect";
import { checkDevice, type Device, type Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { device, dtype, tensor } from "../kinds.js";
import { full } from "../ops/creation.js";
import { triu } from "../ops/triangles.js";
import { sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";
import { relu } from "./functional_activation.js";
import { xavier_uniform_ } from "./init.js";
import { Module } from "./module.js";
import { LayerNorm } from "./norm.js";
import {
  type Activation,
  activationKind,
  behind,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerArguments,
} from "./transformer.js";

const moduleKind = instance(() => Module, "a Module");
const read = signature("torch.nn.Transformer", {
  d_model: int.or(512),
  nhead: int.or(8),
  num_encoder_layers: int.or(6),
  num_decoder_layers: int.or(6),
  dim_feedforward: int.or(2048),
  dropout: number.or(0.1),
  activation: activationKind.or(relu as Activation),
  custom_encoder: moduleKind.or(null),
  custom_decoder: moduleKind.or(null),
  ...behind,
});
const optional = tensor.or(null);
const inputs = signature("torch.nn.Transformer.forward", {
  src: tensor,
  tgt: tensor,
  src_mask: optional,
  tgt_mask: optional,
  memory_mask: optional,
  src_key_padding_mask: optional,
  tgt_key_padding_mask: optional,
  memory_key_padding_mask: optional,
  src_is_causal: bool.or(null),
  tgt_is_causal: bool.or(null),
  memory_is_causal: false,
});
const readMask = signature("torch.nn.Transformer.generate_square_subsequent_mask", {
  sz: int,
  device: device.or(null),
  dtype: dtype.where("torch.float32", (each) => each.is_floating_point).or(null),
});

export interface TransformerArguments extends TransformerLayerArguments {
  num_encoder_layers: number;
  num_decoder_layers: number;
  /** In the place of the encoder. */
  custom_encoder: Module | null;
  /** In the place of the decoder. */
  custom_decoder: Module | null;
}
export interface TransformerInputs {
  src: Tensor;
  tgt: Tensor;
  src_mask: Tensor | null;
  tgt_mask: Tensor | null;
  memory_mask: Tensor | null;
  src_key_padding_mask: Tensor | null;
  tgt_key_padding_mask: Tensor | null;
  memory_key_padding_mask: Tensor | null;
  src_is_causal: boolean | null;
  tgt_is_causal: boolean | null;
  memory_is_causal: boolean;
}

/** Encodes `src` and decodes `tgt` beside it. Matrices begin as Xavier's uniform. */
export class Transformer extends Module {
  declare encoder: Module;
  declare decoder: Module;
  readonly d_model: number;
  readonly nhead: number;
  readonly batch_first: boolean;

  constructor(
    ...args: Args<
      [
        d_model: number,
        nhead: number,
        num_encoder_layers: number,
        num_decoder_layers: number,
        dim_feedforward: number,
        dropout: number,
        activation: Activation,
      ],
      TransformerArguments
    >
  ) {
    super();
    const { num_encoder_layers, num_decoder_layers, custom_encoder, custom_decoder, ...layer } = read(args);
    const { d_model, layer_norm_eps: eps, bias, device, dtype } = layer;
    const normalised = (): LayerNorm => new LayerNorm(d_model, { eps, bias, device, dtype });
    this.encoder =
      custom_encoder ?? new TransformerEncoder(new TransformerEncoderLayer(layer), num_encoder_layers, normalised());
    this.decoder =
      custom_decoder ?? new TransformerDecoder(new TransformerDecoderLayer(layer), num_decoder_layers, normalised());
    for (const parameter of this.parameters()) if (parameter.rank > 1) xavier_uniform_(parameter);
    this.d_model = d_model;
    this.nhead = layer.nhead;
    this.batch_first = layer.batch_first;
  }

  /** The mask [sz, sz] in which a place sees those up to itself: 0 there, -infinity elsewhere. */
  static generate_square_subsequent_mask(
    ...args: Args<
      [sz: number, device: Device | string | null, dtype: Dtype | null],
      { sz: number; device: Device | string | null; dtype: Dtype | null }
    >
  ): Tensor {
    const { sz, device } = readMask(args);
    if (device !== null) checkDevice("generate_square_subsequent_mask", device);
    return triu(full([sz, sz], Number.NEGATIVE_INFINITY), 1);
  }

  override forward(
    ...args: Args<
      [
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | null,
        tgt_mask: Tensor | null,
        memory_mask: Tensor | null,
        src_key_padding_mask: Tensor | null,
        tgt_key_padding_mask: Tensor | null,
        memory_key_padding_mask: Tensor | null,
      ],
      TransformerInputs
    >
  ): Tensor {
    const { src, tgt, src_mask, src_key_padding_mask, src_is_causal, ...rest } = inputs(args);
    const wrong = (sentence: string, expected: string): never =>
      complain(ShapeError, sentence, {
        op: "Transformer",
        argument: "tgt",
        expected,
        given: `${sizeText(src.shape)} and ${sizeText(tgt.shape)}`,
      });
    const batch = this.batch_first ? 0 : 1;
    if (src.rank === 3 && src.shape[batch] !== tgt.shape[batch])
      wrong("the batch number of src and tgt must be equal", "as many examples as src");
    if (src.shape.at(-1) !== this.d_model || tgt.shape.at(-1) !== this.d_model)
      wrong("the feature number of src and tgt must be equal to d_model", `${this.d_model} features`);
    const memory = this.encoder(src, { mask: src_mask, src_key_padding_mask, is_causal: src_is_causal });
    return this.decoder(tgt, memory, rest);
  }
}
