// Methods that change the shape of their tensor, or what it belongs to.
import * as core from "@facet/autograd";
import { type Args, defineMethod, int, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { dims, each, forms, ints, memory_format, native, requireSome, scalar, tensor } from "../kinds.js";
import { requireShape } from "../ops/creation.js";
import { scalarOf } from "../ops/scalar.js";
import * as P from "../ops/scattering.js";
import * as S from "../ops/shape.js";
import { sizeText } from "../python.js";
import { become, type Tensor } from "../tensor.js";

type InPlace<Positional extends readonly unknown[] = [], Named = object> = (
  self: Tensor,
  ...args: Args<Positional, Named>
) => Tensor;

/** Gives a tensor the shape of a view of itself. A leaf that requires grad cannot be another tensor. */
function reshapedTo(op: string, self: Tensor, view: Tensor): Tensor {
  if (self.requires_grad && self.is_leaf && core.isRecording())
    complain(core.FacetError, "a view of a leaf Variable that requires grad is being used in an in-place operation.", {
      op,
      argument: "self",
      expected: "a tensor that is no leaf of the gradient graph",
      given: "a leaf that requires grad",
    });
  return self[become](core.keep(view.core));
}

const unsqueeze_: InPlace<[dim: number], { dim: number }> = defineMethod(
  "torch.Tensor.unsqueeze_",
  { dim: int },
  (self: Tensor, { dim }) => reshapedTo("unsqueeze_", self, S.unsqueeze(self, dim)),
);
const readSqueeze = forms("Tensor.squeeze_", {}, { dim: dims }, { "*dim": each(int) });
const squeeze_: InPlace<[dim: number | readonly number[]], { dim: number | readonly number[] }> = (self, ...args) => {
  const { form, values } = readSqueeze(args);
  return reshapedTo("squeeze_", self, form === "0" ? S.squeeze(self) : S.squeeze(self, values.dim as number));
};
const t_: InPlace = defineMethod("torch.Tensor.t_", {}, (self: Tensor) => reshapedTo("t_", self, S.t(self)));
const exchanging = (
  name: string,
  [a, b]: readonly [string, string],
): InPlace<[a: number, b: number], Record<string, number>> =>
  defineMethod(`torch.Tensor.${name}`, { [a]: int, [b]: int }, (self: Tensor, given) => {
    const [x, y] = Object.values(given) as [number, number];
    return reshapedTo(name, self, S.transpose(self, x, y));
  });
const transpose_: InPlace<[dim0: number, dim1: number], { dim0: number; dim1: number }> = exchanging("transpose_", [
  "dim0",
  "dim1",
]);
const swapaxes_: InPlace<[axis0: number, axis1: number], { axis0: number; axis1: number }> = exchanging("swapaxes_", [
  "axis0",
  "axis1",
]);
const swapdims_: InPlace<[dim0: number, dim1: number], { dim0: number; dim1: number }> = exchanging("swapdims_", [
  "dim0",
  "dim1",
]);

/** Cuts the tensor off from the graph that made it. */
const detach_: InPlace = defineMethod("torch.Tensor.detach_", {}, (self: Tensor) => {
  core.detach(self.core);
  return self;
});

/** The first elements in another shape; where it has more, zeros follow. */
function resized(op: string, self: Tensor, size: readonly number[]): Tensor {
  requireShape(op, size);
  if (self.requires_grad)
    complain(core.FacetError, "cannot resize variables that require grad", {
      op,
      argument: "self",
      expected: "a tensor that does not require grad",
      given: "one that does",
    });
  const [count, own] = [core.sizeOf(size), self.core.size];
  if (count === own) return self[become](core.keep(core.reshape(self.core, size)));
  return self[become](
    core.keep(
      core.scope(() => {
        const flat = core.reshape(self.core, [own]);
        const kept =
          count < own
            ? core.sliceAlong(flat, 0, 0, count)
            : core.concat([flat, core.zeros([count - own], flat.dtype)], 0);
        return core.reshape(kept, size);
      }),
    ),
  );
}
const readResize = forms(
  "Tensor.resize_",
  { size: ints, "*": null, memory_format },
  { "*size": each(int), memory_format },
);
const resize_: S.OfTensor<S.Extents<"size">> = (self, ...args) => {
  const { form, values } = readResize(args);
  if (form === "1") requireSome("resize_", "size", values.size);
  return resized("resize_", self, values.size);
};
const resizeAs = { the_template: tensor, "*": null, memory_format } as const;
type ResizeAs = { the_template: Tensor; memory_format: null };
const resizeAsMethod: InPlace<[the_template: Tensor], ResizeAs> = defineMethod(
  "torch.Tensor.resize_as_",
  resizeAs,
  (self: Tensor, { the_template }) => resized("resize_as_", self, the_template.shape),
);
/** Gives the input the shape of another tensor: as the method. */
export const resize_as_: (input: Tensor, ...args: Args<[the_template: Tensor], ResizeAs>) => Tensor = native(
  "resize_as_",
  { input: tensor, ...resizeAs },
  ({ input, the_template }) => resized("resize_as_", input, the_template.shape),
);

/** Writes 0 everywhere: as the method. */
export const zero_: (input: Tensor) => Tensor = native("zero_", { input: tensor }, ({ input }) => input.zero_());

/** Writes a value on the main diagonal; with `wrap` again below it, a row after its end. */
const fill_diagonal_: InPlace<
  [fill_value: number | boolean, wrap: boolean],
  { fill_value: number | boolean; wrap: boolean }
> = defineMethod(
  "torch.Tensor.fill_diagonal_",
  { fill_value: scalar, wrap: false },
  (self: Tensor, { fill_value, wrap }) => {
    if (self.rank < 2)
      complain(core.ShapeError, "dimensions must larger than 1", {
        op: "fill_diagonal_",
        argument: "self",
        expected: "rank 2 or more",
        given: sizeText(self.shape),
      });
    if (self.rank > 2 && new Set(self.shape).size > 1)
      complain(core.ShapeError, "all dimensions of input must be of equal length", {
        op: "fill_diagonal_",
        argument: "self",
        expected: "one extent",
        given: sizeText(self.shape),
      });
    const { shape } = self;
    const step = shape.reduce((sum, _, d) => sum + core.sizeOf(shape.slice(d + 1)), 0);
    const columns = shape.at(-1) as number;
    const last =
      wrap && self.rank === 2
        ? self.core.size
        : Math.min(self.core.size, self.rank === 2 ? columns * columns : self.core.size);
    return write("fill_diagonal_", self, () => {
      const { dtype, size } = self.core;
      const places = core.arange(0, size, 1, "int32");
      const onDiagonal = core.logicalAnd(core.equal(core.remainder(places, step), 0), core.less(places, last));
      return core.where(
        core.reshape(onDiagonal, shape),
        core.full([], scalarOf("fill_diagonal_", fill_value, dtype), dtype),
        self.core,
      );
    });
  },
);

const readScatter = forms(
  "Tensor.scatter_",
  { dim: int, index: tensor, src: tensor, "*": null, reduce: oneOf("add", "multiply").or(null) },
  { dim: int, index: tensor, value: scalar, "*": null, reduce: oneOf("add", "multiply").or(null) },
);
/** As scatter, into this tensor. */
const scatter_: InPlace<[dim: number, index: Tensor, src: Tensor | number | boolean], Omit<P.ScatterOptions, "out">> = (
  self,
  ...args
) => {
  const { form, values } = readScatter(args);
  const { dim, index, reduce } = values;
  const source = form === "0" ? values.src : values.value;
  return write("scatter_", self, () => P.scatter(self, dim, index, source, { reduce }).core);
};

export const shapesInPlace = {
  unsqueeze_,
  squeeze_,
  t_,
  transpose_,
  swapaxes_,
  swapdims_,
  detach_,
  resize_,
  resize_as_: resizeAsMethod,
  fill_diagonal_,
  scatter_,
} as const;
