// torch.fft, as far as tensors are real: transforms whose results are, of signals whose imaginary parts are 0.
import "./start.js";
import * as core from "@facet/autograd";
import { type Args, int, oneOf, oneOrMore } from "@facet/dialect";
import { convertCore } from "./convert.js";
import { complain, dimension, dimensions } from "./errors.js";
import { native, out, tensor } from "./kinds.js";
import type { Out } from "./ops/arithmetic.js";
import { type Tensor, wrap } from "./tensor.js";

type Norm = "backward" | "ortho" | "forward" | null;
const norm = oneOf("backward", "ortho", "forward").or(null);
/** The scale of the other direction: of what is real by symmetry the direct transform is the inverse of the half that is given. */
const turned = { backward: "forward", forward: "backward", ortho: "ortho" } as const;

function requireDimensions(op: string, input: Tensor): void {
  if (input.rank > 0) return;
  complain(core.ArgumentError, "Dimension specified as 0 but tensor has no dimensions", {
    ...{ op, argument: "dim", expected: "a tensor of one dimension or more", given: "a scalar" },
  });
}
const pairs = (input: Tensor): core.Tensor => core.complexPairs(convertCore(input.core, "float32"));

interface HalfArguments extends Out {
  /** Numbers in the result. Default: 2 (h - 1) of h. */
  n: number | null;
  dim: number;
  norm: Norm;
}
type OfHalf = (input: Tensor, ...args: Args<[n: number | null, dim: number, norm: Norm], HalfArguments>) => Tensor;
const ofHalf = (name: string, isHermitian: boolean): OfHalf =>
  native(
    `fft.${name}`,
    { input: tensor, n: int.or(null), dim: int.or(-1), norm, "*": null, out },
    ({ input, n, dim, norm: given }) => {
      const op = `fft.${name}`;
      requireDimensions(op, input);
      const axis = dimension(op, dim, input.rank);
      const scale = isHermitian ? turned[given ?? "backward"] : (given ?? "backward");
      return core.scope(() => wrap(core.irfft(pairs(input), { ...(n === null ? {} : { n }), axis, norm: scale })));
    },
  );

interface SeveralArguments extends Out {
  /** Numbers along each dimension; -1 for as many as there are. */
  s: readonly number[] | null;
  dim: number | readonly number[] | null;
  norm: Norm;
}
type OfSeveral = (
  input: Tensor,
  ...args: Args<[s: readonly number[] | null, dim: number | readonly number[] | null, norm: Norm], SeveralArguments>
) => Tensor;
const several = (name: string, isHermitian: boolean, dims: readonly number[] | null): OfSeveral =>
  native(
    `fft.${name}`,
    { input: tensor, s: oneOrMore(int).or(null), dim: oneOrMore(int).or(dims), norm, "*": null, out },
    ({ input, s, dim, norm: given }) => {
      const op = `fft.${name}`;
      requireDimensions(op, input);
      const lengths = s === null ? undefined : [s].flat();
      const count = lengths?.length ?? input.rank;
      const list = dim === null ? Array.from({ length: count }, (_, i) => i - count) : [dim].flat();
      const axes = dimensions(op, list, input.rank);
      const extents = lengths?.map((length, i) => {
        if (length !== -1) return length;
        const extent = input.shape[axes[i] as number] as number;
        return i === axes.length - 1 ? 2 * (extent - 1) : extent;
      });
      const scale = isHermitian ? turned[given ?? "backward"] : (given ?? "backward");
      const options = { axes, norm: scale, ...(extents && { s: extents }) };
      return core.scope(() => wrap(core.irfftn(pairs(input), options)));
    },
  );

/** The real signal whose transform begins with `input`. */
export const irfft = /* @__PURE__ */ ofHalf("irfft", false);
/** The real transform of the signal that begins with `input` and is its own mirror image. */
export const hfft = /* @__PURE__ */ ofHalf("hfft", true);
export const irfft2 = /* @__PURE__ */ several("irfft2", false, [-2, -1]);
export const irfftn = /* @__PURE__ */ several("irfftn", false, null);
export const hfft2 = /* @__PURE__ */ several("hfft2", true, [-2, -1]);
export const hfftn = /* @__PURE__ */ several("hfftn", true, null);

type Dims = number | readonly number[] | null;
const shifting = (name: string, f: (x: core.Tensor, axes: readonly number[]) => core.Tensor) =>
  native(`fft.${name}`, { input: tensor, dim: oneOrMore(int).or(null) }, ({ input, dim }) => {
    const axes = dim === null ? input.shape.map((_, i) => i) : dimensions(`fft.${name}`, dim, input.rank);
    return core.scope(() => wrap(f(input.core, axes)));
  }) as (input: Tensor, ...args: Args<[dim: Dims], { dim: Dims }>) => Tensor;
/** Frequencies 0, 1, ..., -2, -1 brought into order, along all dimensions where none is named. */
export const fftshift = /* @__PURE__ */ shifting("fftshift", core.fftshift);
/** The inverse of fftshift. */
export const ifftshift = /* @__PURE__ */ shifting("ifftshift", core.ifftshift);
