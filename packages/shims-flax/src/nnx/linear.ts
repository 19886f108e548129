// nnx.Linear, LinearGeneral, Einsum and Embed.
import { ArgumentError, sizeOf } from "@facet/autograd";
import { bool, mapping, only, show, signature, string, type Values } from "@facet/dialect";
import { matmul, reshape } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  arrayLike,
  type Given,
  type JaxArray,
  precision,
  preferred,
  shape,
} from "@facet/shims-jax/parts";
import { variance_scaling } from "../initializers.js";
import {
  dense,
  denseGeneral,
  einsumBias,
  einsumOf,
  equation,
  floats,
  kernelShape,
  listed,
  looked,
  normalAxes,
} from "../layers/dense.js";
import {
  dtype,
  extent,
  init,
  kernelDefault,
  metadata,
  param_dtype,
  promote_dtype,
  replaced,
  sizes,
  zerosDefault,
} from "../rules.js";
import { Module } from "./module.js";
import { rngsKind } from "./rngs.js";
import { Param } from "./variable.js";

const out_sharding = only(null);
const KERNEL = {
  use_bias: bool.or(true),
  dtype,
  param_dtype,
  precision,
  kernel_init: kernelDefault,
  bias_init: zerosDefault,
  promote_dtype,
  preferred_element_type: preferred,
  rngs: rngsKind,
  kernel_metadata: metadata,
  bias_metadata: metadata,
} as const;
const { use_bias: _use_bias, ...UNBIASED } = KERNEL;

const LINEAR = { in_features: extent, out_features: extent, "*": null, ...KERNEL, dot_general: replaced } as const;
const readers = {
  Linear: signature("flax.nnx.Linear", LINEAR),
  callLinear: signature("flax.nnx.Linear.__call__", { inputs: arrayLike, out_sharding }),
};
type Named<R> = Omit<Values<R>, "*">;

/** nnx.Linear: inputs [..., in_features] times a kernel [in_features, out_features], plus a bias. */
export class Linear extends Module {
  declare readonly kernel: Param;
  declare readonly bias: Param | null;
  declare readonly in_features: number;
  declare readonly out_features: number;
  declare readonly use_bias: boolean;

  constructor(...args: Given<[in_features: number, out_features: number], [], Named<typeof LINEAR>>) {
    super();
    const { in_features, out_features, use_bias, kernel_init, bias_init, rngs } = readers.Linear(args);
    const kernel = new Param(kernel_init(rngs.params(), [in_features, out_features]));
    const bias = use_bias ? new Param(bias_init(rngs.params(), [out_features])) : null;
    Object.assign(this, { kernel, bias, in_features, out_features, use_bias });
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const { inputs } = readers.callLinear(args);
    return dense("Linear", inputs, this.kernel.value, this.bias?.value ?? null);
  }
}

type BatchAxes = Readonly<Record<number, number>>;
const batchAxes = mapping<BatchAxes>("sizes by axis, as { 0: 4 }").or({});
const GENERAL = {
  in_features: sizes,
  out_features: sizes,
  "*": null,
  axis: sizes.or(-1),
  batch_axis: batchAxes,
  ...KERNEL,
  dot_general: replaced,
  dot_general_cls: replaced,
} as const;
const general = {
  make: signature("flax.nnx.LinearGeneral", GENERAL),
  call: signature("flax.nnx.LinearGeneral.__call__", { inputs: arrayLike, out_sharding }),
};
type Sizes = number | readonly number[];

/** nnx.LinearGeneral: contracts the dimensions `axis` (default the last) with a kernel [...batch, ...in_features, ...out_features]. */
export class LinearGeneral extends Module {
  declare readonly kernel: Param;
  declare readonly bias: Param | null;
  declare readonly in_features: readonly number[];
  declare readonly out_features: readonly number[];
  declare readonly axis: readonly number[];
  declare readonly batch_axis: BatchAxes;

  constructor(...args: Given<[in_features: Sizes, out_features: Sizes], [], Named<typeof GENERAL>>) {
    super();
    const given = general.make(args);
    const [in_features, out_features, axis] = [given.in_features, given.out_features, given.axis].map(listed) as [
      readonly number[],
      readonly number[],
      readonly number[],
    ];
    const batch_axis = given.batch_axis as BatchAxes;
    if (in_features.length !== axis.length)
      throw new ArgumentError({
        op: "LinearGeneral",
        argument: "axis",
        expected: `as many axes as in_features, ${in_features.length}`,
        given: `${axis.length}`,
      });
    const batch = Object.values(batch_axis);
    if (Object.keys(batch_axis).some((key, i) => Number(key) !== i))
      throw new ArgumentError({
        op: "LinearGeneral",
        argument: "batch_axis",
        expected: "leading axes, from 0 on",
        given: show(batch_axis),
      });
    const { flat, whole } = kernelShape(batch, in_features, out_features);
    const { kernel_init, bias_init, rngs } = given;
    const kernel = new Param(reshape(kernel_init(rngs.params(), flat), whole));
    const spread = [...batch, ...out_features];
    const bias = given.use_bias ? new Param(reshape(bias_init(rngs.params(), [sizeOf(spread)]), spread)) : null;
    Object.assign(this, { kernel, bias, in_features, out_features, axis, batch_axis, use_bias: given.use_bias });
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const inputs = floats("LinearGeneral", general.call(args).inputs);
    return denseGeneral(inputs, this.kernel.value, this.bias?.value ?? null, {
      axis: normalAxes(this.axis, inputs.ndim),
      batch: Object.keys(this.batch_axis).map(Number),
      features: this.out_features,
    });
  }
}

const EINSUM = {
  einsum_str: string,
  kernel_shape: shape,
  bias_shape: shape.or(null),
  "*": null,
  ...UNBIASED,
  einsum_op: replaced,
} as const;
const einsums = {
  make: signature("flax.nnx.Einsum", EINSUM),
  call: signature("flax.nnx.Einsum.__call__", { inputs: arrayLike, einsum_str: string.or(null), out_sharding }),
};

/** nnx.Einsum: an equation of the inputs and a kernel, as "nta,ab->ntb". */
export class Einsum extends Module {
  declare readonly kernel: Param;
  declare readonly bias: Param | null;
  declare readonly einsum_str: string;
  declare readonly kernel_shape: readonly number[];

  constructor(
    ...args: Given<[einsum_str: string, kernel_shape: Sizes], [bias_shape: Sizes | null], Named<typeof EINSUM>>
  ) {
    super();
    const { einsum_str, kernel_shape, bias_shape, kernel_init, bias_init, rngs } = einsums.make(args);
    const text = equation("Einsum", einsum_str);
    const kernel = new Param(kernel_init(rngs.params(), listed(kernel_shape)));
    const bias = bias_shape === null ? null : new Param(bias_init(rngs.params(), listed(bias_shape)));
    Object.assign(this, { kernel, bias, einsum_str: text, kernel_shape: listed(kernel_shape) });
  }

  override __call__(...args: Given<[inputs: ArrayLike], [einsum_str: string | null], object>): JaxArray {
    const given = einsums.call(args);
    const inputs = floats("Einsum", given.inputs);
    const text = given.einsum_str === null ? this.einsum_str : equation("Einsum", given.einsum_str);
    const y = einsumOf(text, inputs, this.kernel.value);
    if (!this.bias) return y;
    return y.add(reshape(this.bias.value, einsumBias(text, inputs, this.kernel_shape).spread));
  }
}

const EMBED = {
  num_embeddings: extent,
  features: extent,
  "*": null,
  dtype,
  param_dtype,
  embedding_init: init.or(variance_scaling(1, "fan_in", "normal", { out_axis: 0 })),
  promote_dtype,
  rngs: rngsKind,
  embedding_metadata: metadata,
} as const;
const embeds = {
  make: signature("flax.nnx.Embed", EMBED),
  call: signature("flax.nnx.Embed.__call__", { inputs: arrayLike, out_sharding }),
  attend: signature("flax.nnx.Embed.attend", { query: arrayLike, out_sharding }),
};

/** nnx.Embed: rows of a table [num_embeddings, features] by integers [...]. */
export class Embed extends Module {
  declare readonly embedding: Param;
  declare readonly num_embeddings: number;
  declare readonly features: number;

  constructor(...args: Given<[num_embeddings: number, features: number], [], Named<typeof EMBED>>) {
    super();
    const { num_embeddings, features, embedding_init, rngs } = embeds.make(args);
    const embedding = new Param(embedding_init(rngs.params(), [num_embeddings, features]));
    Object.assign(this, { embedding, num_embeddings, features });
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    return looked(this.embedding.value, embeds.call(args).inputs);
  }
  /** Products of queries [..., features] with all rows. */
  attend(...args: [query: ArrayLike]): JaxArray {
    return matmul(floats("Embed.attend", embeds.attend(args).query), this.embedding.value.T);
  }
}
