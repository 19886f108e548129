// What a tensor is, made anew beside it, and drawn into it, as methods.
import * as core from "@facet/autograd";
import { type Args, defineMethod, int, only } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { uint8 } from "../dtype.js";
import { complain, dimension } from "../errors.js";
import { memory_format, tensor } from "../kinds.js";
import * as C from "../ops/copies.js";
import * as D from "../ops/draws.js";
import * as N from "../ops/new_tensors.js";
import * as Q from "../ops/questions.js";
import * as T from "../ops/strides.js";
import { type Tensor, wrap } from "../tensor.js";

/** A method without arguments. */
const alone = <R>(name: string, body: (self: Tensor) => R): ((self: Tensor) => R) =>
  defineMethod(`torch.Tensor.${name}`, {}, (self: Tensor) => body(self));

const type_as: (self: Tensor, ...args: Args<[other: Tensor], { other: Tensor }>) => Tensor = defineMethod(
  "torch.Tensor.type_as",
  { other: tensor },
  (self: Tensor, { other }) => self.to(other.dtype),
);
const byte: (self: Tensor) => Tensor = alone("byte", (self) =>
  self.core.dtype === uint8.core ? self : core.scope(() => wrap(convertCore(self.core, "uint8"))),
);
/** true: tensors are contiguous. */
const is_contiguous: (self: Tensor, ...args: Args<[memory_format: null], { memory_format: null }>) => boolean =
  defineMethod("torch.Tensor.is_contiguous", { memory_format }, () => true);
const dim_order: (self: Tensor, ...args: Args<[], { ambiguity_check: boolean }>) => number[] = defineMethod(
  "torch.Tensor.dim_order",
  { "*": null, ambiguity_check: only(false) },
  (self: Tensor) => [...self.shape.keys()],
);

/** How far neighbours along each dimension, or one, lie apart in contiguous memory. */
export const stride = defineMethod(
  "torch.Tensor.stride",
  { dim: int.or(null) },
  (self: Tensor, { dim }): number | readonly number[] => {
    const all = T.stridesOf(self.shape);
    if (dim === null) return all;
    if (self.rank === 0)
      complain(core.ArgumentError, `Dimension specified as ${dim} but tensor has no dimensions`, {
        op: "stride",
        argument: "dim",
        expected: "none",
        given: `${dim}`,
      });
    return all[dimension("stride", dim, self.rank)] as number;
  },
);

const ndimension: (self: Tensor) => number = alone("ndimension", (self) => self.rank);
const nelement: (self: Tensor) => number = alone("nelement", (self) => self.core.size);
const element_size: (self: Tensor) => number = alone("element_size", (self) => self.itemsize);
/** 0: a view here has memory of its own. */
const storage_offset: (self: Tensor) => number = alone("storage_offset", () => 0);

export const attributes = {
  ndimension,
  nelement,
  element_size,
  storage_offset,
  is_contiguous,
  dim_order,
  is_complex: Q.is_complex,
  is_conj: Q.is_conj,
  is_neg: Q.is_neg,
  is_signed: Q.is_signed,
  is_nonzero: Q.is_nonzero,
  is_same_size: Q.is_same_size,
  type_as,
  byte,
  as_strided: T.as_strided,
  as_strided_scatter: T.as_strided_scatter,
  narrow_copy: C.narrow_copy,
  new_zeros: N.new_zeros,
  new_ones: N.new_ones,
  new_empty: N.new_empty,
  new_full: N.new_full,
  new_tensor: N.new_tensor,
  new_empty_strided: N.new_empty_strided,
  multinomial: D.multinomial,
  bernoulli: D.bernoulliMethod,
  bernoulli_: D.bernoulli_,
  exponential_: D.exponential_,
  geometric_: D.geometric_,
  cauchy_: D.cauchy_,
  log_normal_: D.log_normal_,
  random_: D.random_,
} as const;
