// linen.Dense, DenseGeneral, Einsum and Embed.
import { sizeOf } from "@facet/autograd";
import { bool, int, listOf, signature, string, type Values } from "@facet/dialect";
import { matmul, reshape } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  arrayLike,
  type Given,
  type Initializer,
  type JaxArray,
  precision,
  preferred,
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
import { firstOf } from "../layers/dropout.js";
import {
  dtype,
  extent,
  init,
  kernelDefault,
  param_dtype,
  promote_dtype,
  replaced,
  sizes,
  zerosDefault,
} from "../rules.js";
import { Module, STANDING } from "./module.js";

type Sizes = number | readonly number[];
const KERNEL = { kernel_init: kernelDefault, bias_init: zerosDefault } as const;
const DENSE = {
  features: extent,
  use_bias: bool.or(true),
  dtype,
  param_dtype,
  precision,
  ...KERNEL,
  promote_dtype,
  dot_general: replaced,
  dot_general_cls: replaced,
  ...STANDING,
} as const;
const inputs = { inputs: arrayLike } as const;
const readDense = { make: signature("flax.linen.Dense", DENSE), call: signature("flax.linen.Dense.__call__", inputs) };

/** linen.Dense: inputs [..., n] times a kernel [n, features], plus a bias. */
export class Dense extends Module {
  declare readonly features: number;
  declare readonly use_bias: boolean;
  declare readonly kernel_init: Initializer;
  declare readonly bias_init: Initializer;

  constructor(...args: Given<[features: number], [use_bias: boolean], Values<typeof DENSE>>) {
    super(readDense.make(args));
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("Dense", readDense.call(args).inputs);
    const kernel = this.param("kernel", this.kernel_init, [x.shape.at(-1) ?? 1, this.features]);
    return dense("Dense", x, kernel, this.use_bias ? this.param("bias", this.bias_init, [this.features]) : null);
  }
}

const GENERAL = {
  features: sizes,
  axis: sizes.or(-1),
  batch_dims: listOf(int).or([]),
  use_bias: bool.or(true),
  dtype,
  param_dtype,
  ...KERNEL,
  precision,
  promote_dtype,
  dot_general: replaced,
  dot_general_cls: replaced,
  ...STANDING,
} as const;
const readGeneral = {
  make: signature("flax.linen.DenseGeneral", GENERAL),
  call: signature("flax.linen.DenseGeneral.__call__", inputs),
};

/** linen.DenseGeneral: contracts the dimensions `axis` (default the last) with a kernel [...batch, ...axis, ...features]. */
export class DenseGeneral extends Module {
  declare readonly features: Sizes;
  declare readonly axis: Sizes;
  declare readonly batch_dims: readonly number[];
  declare readonly use_bias: boolean;
  declare readonly kernel_init: Initializer;
  declare readonly bias_init: Initializer;

  constructor(
    ...args: Given<
      [features: Sizes],
      [axis: Sizes, batch_dims: readonly number[], use_bias: boolean],
      Values<typeof GENERAL>
    >
  ) {
    super(readGeneral.make(args));
  }

  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    const x = floats("DenseGeneral", readGeneral.call(args).inputs);
    const features = listed(this.features);
    const axis = normalAxes(listed(this.axis), x.ndim);
    const batch = normalAxes(this.batch_dims, x.ndim);
    const extents = (axes: readonly number[]): number[] => axes.map((i) => x.shape[i] as number);
    const { flat, whole } = kernelShape(extents(batch), extents(axis), features);
    const spread = [...extents(batch), ...features];
    const kernel = this.param("kernel", viewed(this.kernel_init, flat), whole);
    const bias = this.use_bias ? this.param("bias", viewed(this.bias_init, [sizeOf(spread)]), spread) : null;
    return denseGeneral(x, kernel, bias, { axis, batch, features });
  }
}

/** An initialiser whose array is drawn in another shape. */
const viewed =
  (make: Initializer, flat: readonly number[]) =>
  (key: Parameters<Initializer>[0], shape: readonly number[]): JaxArray =>
    reshape(make(key as never, flat), shape);

const EINSUM = {
  shape: listOf(int),
  einsum_str: string.or(null),
  use_bias: bool.or(true),
  dtype,
  param_dtype,
  precision,
  ...KERNEL,
  promote_dtype,
  preferred_element_type: preferred,
  ...STANDING,
} as const;
const readEinsum = {
  make: signature("flax.linen.Einsum", EINSUM),
  call: signature("flax.linen.Einsum.__call__", { ...inputs, einsum_str: string.or(null) }),
};

/** linen.Einsum: an equation of the inputs and a kernel of this shape, as "nta,ab->ntb". */
export class Einsum extends Module {
  declare readonly shape: readonly number[];
  declare readonly einsum_str: string | null;
  declare readonly use_bias: boolean;
  declare readonly kernel_init: Initializer;
  declare readonly bias_init: Initializer;

  constructor(
    ...args: Given<[shape: readonly number[]], [einsum_str: string | null, use_bias: boolean], Values<typeof EINSUM>>
  ) {
    super(readEinsum.make(args));
  }

  override __call__(...args: [inputs: ArrayLike, einsum_str?: string | null]): JaxArray {
    const given = readEinsum.call(args);
    const x = floats("Einsum", given.inputs);
    const text = equation("Einsum", firstOf("Einsum", "einsum_str", this.einsum_str, given.einsum_str));
    const kernel = this.param("kernel", this.kernel_init, this.shape);
    const y = einsumOf(text, x, kernel);
    if (!this.use_bias) return y;
    const { shape, spread } = einsumBias(text, x, this.shape);
    return y.add(reshape(this.param("bias", this.bias_init, shape), spread));
  }
}

const EMBED = {
  num_embeddings: extent,
  features: extent,
  dtype,
  param_dtype,
  embedding_init: init.or(variance_scaling(1, "fan_in", "normal", { out_axis: 0 })),
  promote_dtype,
  ...STANDING,
} as const;
const readEmbed = {
  setup: signature("flax.linen.Embed.setup", {}),
  make: signature("flax.linen.Embed", EMBED),
  call: signature("flax.linen.Embed.__call__", inputs),
  attend: signature("flax.linen.Embed.attend", { query: arrayLike }),
};

/** linen.Embed: rows of a table [num_embeddings, features] by integers [...]. */
export class Embed extends Module {
  declare readonly num_embeddings: number;
  declare readonly features: number;
  declare readonly embedding_init: Initializer;
  /** The table, while the module runs. */
  declare embedding: JaxArray;

  constructor(...args: Given<[num_embeddings: number, features: number], [], Values<typeof EMBED>>) {
    super(readEmbed.make(args));
  }

  override setup(...args: []): void {
    readEmbed.setup(args);
    this.embedding = this.param("embedding", this.embedding_init, [this.num_embeddings, this.features]);
  }
  override __call__(...args: [inputs: ArrayLike]): JaxArray {
    return looked(this.embedding, readEmbed.call(args).inputs);
  }
  /** Products of queries [..., features] with all rows. */
  attend(...args: [query: ArrayLike]): JaxArray {
    return matmul(floats("Embed.attend", readEmbed.attend(args).query), this.embedding.T);
  }
}
