// Cumulative ops along an axis, and the recurrence that is the gradient of some of them.
import {
  axisOf,
  formatShape,
  linearRecurrence as linearRecurrenceKernel,
  type ScanName,
  type ScanOptions,
  type ScanParams,
  ShapeError,
  scanConstants,
  scanGeometry,
  scan as scanKernel,
  scanOfTotals,
} from "@facet/kernels-wgsl";
import { defineOp, launch, type nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import { bindingDtype, expectFloating } from "../dtype.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { alongAxis } from "../vmap/rules.js";
import { isNan } from "./bits.js";
import { arange, zeros } from "./create.js";
import { cast, equal, logicalOr, mul, sub, where } from "./elementwise.js";
import { refuseBytes } from "./elementwise_op.js";
import { exp } from "./powers.js";
import { scatterElements } from "./scatter_op.js";
import { expand, pad, reshape, sliceAlong } from "./shape.js";

interface ScanAttrs {
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}

/** Elements of workspace for what each block comes to. */
const totalsOf = (x: Tensor, p: ScanParams): Tensor => empty([p.outer * p.blocks * p.inner], x.dtype, "workspace");

/** All passes of a scan: totals of blocks, their own scan, and the elements from there. */
function runScan(name: ScanName, x: Tensor, y: Tensor, p: ScanParams): void {
  const constants = scanConstants(name, bindingDtype(x.dtype));
  if (p.blocks === 1) {
    launch(scanKernel, { x, y }, p, constants);
    return;
  }
  const totals = totalsOf(x, p);
  launch(scanKernel, { x, y: totals }, { ...p, totals: 1, carried: 0 }, constants);
  const carry = totalsOf(x, p);
  runScan(name, totals, carry, scanOfTotals(p));
  totals.dispose();
  launch(scanKernel, { x, carry, y }, p, constants);
  carry.dispose();
}

/** Every element takes that of its neighbour `by` places before it along an axis, and `value` where there is none. */
function shift(x: Tensor, axis: number, by: 1 | -1, value: number): Tensor {
  const extent = x.shape[axis] as number;
  if (extent === 0) return x;
  const kept = by > 0 ? sliceAlong(x, axis, 0, extent - 1) : sliceAlong(x, axis, 1, extent);
  const sides = by > 0 ? ([1, 0] as const) : ([0, 1] as const);
  return pad(
    kept,
    x.shape.map((_, d) => (d === axis ? sides : ([0, 0] as const))),
    value,
  );
}

function cumulative(op: string, name: ScanName, x: Vjp<ScanAttrs> | typeof nonDifferentiable) {
  return defineOp<{ x: Tensor }, ScanAttrs>({
    name: op,
    shape: ({ x }, { axis }) => {
      refuseBytes(op, x);
      if (name === "log_add_exp") expectFloating(op, "x", x.dtype);
      axisOf(x.shape, axis, op);
      return x.shape;
    },
    dtype: ({ x }) => x.dtype,
    forward: ({ x }, y, attrs) => runScan(name, x, y, scanGeometry(x.shape, attrs.axis, attrs, op)),
    vjp: { x },
    batch: alongAxis(),
  });
}

const cumsumOp = cumulative(
  "cumsum",
  "sum",
  vjp([], (dy, _, { attrs }) => cumsumOp({ x: dy }, { ...attrs, reverse: !attrs.reverse })),
);

/** The gradient of an exclusive scan by what each element gives is that of the inclusive one, of the element after it. */
const inclusive = (dy: Tensor, { axis, reverse, exclusive }: ScanAttrs): Tensor =>
  exclusive ? shift(dy, axis, reverse ? 1 : -1, 0) : dy;

// dx[j] = (product of those before j) h[j], h[j] = dy[j] + x[j + 1] h[j + 1]: no division, so zeros are no exception.
const cumprodOp = cumulative(
  "cumprod",
  "prod",
  vjp(["x"], (dy, { x }, { attrs }) => {
    const { axis, reverse } = attrs;
    const next = shift(x, axis, reverse ? 1 : -1, 0);
    const after = linearRecurrence(next, inclusive(dy, attrs), { axis, reverse: !reverse });
    return mul(cumprodOp({ x }, { ...attrs, exclusive: true }), after);
  }),
);

/** e^(a - b), 0 where a is -Infinity, whatever b is. */
function ratio(a: Tensor, b: Tensor): Tensor {
  const none = equal(a, Number.NEGATIVE_INFINITY);
  return where(none, 0, exp(where(none, 0, sub(a, b))));
}

// dx[j] = e^(x[j] - y[j]) h[j], h[j] = dy[j] + e^(y[j] - y[j + 1]) h[j + 1]: no exponent is above 0.
const logcumsumexpOp = cumulative(
  "logcumsumexp",
  "log_add_exp",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => {
    const { axis, reverse, exclusive } = attrs;
    const sums = exclusive ? logcumsumexpOp({ x }, { ...attrs, exclusive: false }) : y;
    const next = shift(sums, axis, reverse ? 1 : -1, Number.POSITIVE_INFINITY);
    const after = linearRecurrence(ratio(sums, next), inclusive(dy, attrs), { axis, reverse: !reverse });
    return mul(ratio(x, sums), after);
  }),
);

/**
 * Where the extreme up to each element is: of equal ones the last met, and a NaN is the extreme of all after it, as in
 * PyTorch. An element is met as an extreme when it is the running one itself.
 */
function placesOf(x: Tensor, y: Tensor, { axis, reverse }: ScanAttrs): Tensor {
  const extent = x.shape[axis] as number;
  const line = x.shape.map((_, d) => (d === axis ? extent : 1));
  const own = expand(reshape(arange(0, extent, 1, "int32"), line), x.shape);
  const met = x.dtype === "float32" ? logicalOr(equal(x, y), isNan(x)) : equal(x, y);
  const none = reverse ? extent - 1 : 0;
  const last = { axis, reverse, exclusive: false };
  return (reverse ? cumminOp : cummaxOp)({ x: where(met, own, none) }, last);
}

const extremeOf = vjp(["x", "y"], (dy, { x, y }: Record<"x" | "y", Tensor>, { attrs }: { attrs: ScanAttrs }) =>
  scatterElements(zeros(x.shape), placesOf(x, y, attrs), dy, { axis: attrs.axis, combination: "add" }),
);
const cummaxOp = cumulative("cummax", "max", extremeOf);
const cumminOp = cumulative("cummin", "min", extremeOf);

const linearRecurrenceOp = defineOp<{ a: Tensor; b: Tensor }, { axis: number; reverse: boolean }>({
  name: "linear_recurrence",
  shape: ({ a, b }, { axis }) => {
    const op = "linear_recurrence";
    expectFloating(op, "a", a.dtype);
    expectFloating(op, "b", b.dtype);
    if (`${a.shape}` !== `${b.shape}`)
      throw new ShapeError({ op, argument: "b", expected: formatShape(a.shape), given: formatShape(b.shape) });
    axisOf(a.shape, axis, op);
    return a.shape;
  },
  forward: ({ a, b }, y, { axis, reverse }) => runRecurrence(a, b, y, scanGeometry(a.shape, axis, { reverse })),
  vjp: {
    // g = db is the recurrence the other way, with the factor that led from each element to the next.
    a: vjp(["a", "y"], (dy, { a, y }, { attrs }) =>
      mul(gradientOfTerms(dy, a, attrs), shift(y, attrs.axis, attrs.reverse ? -1 : 1, 0)),
    ),
    b: vjp(["a"], (dy, { a }, { attrs }) => gradientOfTerms(dy, a, attrs)),
  },
  batch: alongAxis(),
});

const gradientOfTerms = (dy: Tensor, a: Tensor, { axis, reverse }: { axis: number; reverse: boolean }): Tensor =>
  linearRecurrence(shift(a, axis, reverse ? 1 : -1, 0), dy, { axis, reverse: !reverse });

function runRecurrence(a: Tensor, b: Tensor, y: Tensor, p: ScanParams): void {
  if (p.blocks === 1) {
    launch(linearRecurrenceKernel, { a, b, y }, p);
    return;
  }
  const [terms, factors, carry] = [totalsOf(b, p), totalsOf(b, p), totalsOf(b, p)];
  const ofBlocks = { ...p, totals: 1, carried: 0 };
  launch(linearRecurrenceKernel, { a, b, y: terms }, ofBlocks);
  launch(scanKernel, { x: a, y: factors }, ofBlocks, scanConstants("prod", "f32"));
  runRecurrence(factors, terms, carry, scanOfTotals(p, { exclusive: false }));
  terms.dispose();
  factors.dispose();
  launch(linearRecurrenceKernel, { a, b, carry, y }, p);
  carry.dispose();
}

/** Along which axis and which way. */
export interface CumulativeOptions extends ScanOptions {
  /** Negative counts from the last; a 0-d tensor counts as one element along axis 0. */
  axis: number;
}

type Along = (x: Tensor, attrs: ScanAttrs) => Tensor;

function along(
  x: Tensor,
  { axis, reverse = false, exclusive = false }: CumulativeOptions,
  op: string,
  f: Along,
): Tensor {
  const line = x.rank === 0 ? reshape(x, [1]) : x;
  const y = f(line, { axis: axisOf(line.shape, axis, op), reverse, exclusive });
  return x.rank === 0 ? reshape(y, []) : y;
}

const counted = (x: Tensor): Tensor => (x.dtype === "bool" ? cast(x, "int32") : x);

/** Sums of all elements up to each, along an axis; bools are counted. */
export const cumsum = (x: Tensor, options: CumulativeOptions): Tensor =>
  along(counted(x), options, "cumsum", (line, attrs) => cumsumOp({ x: line }, attrs));
/** Products of all elements up to each, along an axis. */
export const cumprod = (x: Tensor, options: CumulativeOptions): Tensor =>
  along(counted(x), options, "cumprod", (line, attrs) => cumprodOp({ x: line }, attrs));
/** log of the sums of e^x of all elements up to each, along an axis, without overflow. float32. */
export const logcumsumexp = (x: Tensor, options: CumulativeOptions): Tensor =>
  along(x, options, "logcumsumexp", (line, attrs) => logcumsumexpOp({ x: line }, attrs));

export interface CumulativeExtremeOptions {
  /** Negative counts from the last; a 0-d tensor counts as one element along axis 0. */
  axis: number;
  /** From the last element down. Default false. */
  reverse?: boolean;
}

function extremes(op: "cummax" | "cummin") {
  const values = op === "cummax" ? cummaxOp : cumminOp;
  return (x: Tensor, { axis, reverse = false }: CumulativeExtremeOptions): [values: Tensor, indices: Tensor] => {
    const line = x.rank === 0 ? reshape(x, [1]) : x;
    const attrs = { axis: axisOf(line.shape, axis, op), reverse, exclusive: false };
    const y = values({ x: line }, attrs);
    const places = noGrad(() => placesOf(line, y, attrs));
    return x.rank === 0 ? [reshape(y, []), reshape(places, [])] : [y, places];
  };
}

/**
 * The largest of all elements up to each along an axis, and where it is (int32): of equal ones the last met. A NaN is larger
 * than every number. The gradient goes to the element at that place.
 */
export const cummax = extremes("cummax");
/** The smallest, in the same way. */
export const cummin = extremes("cummin");

/**
 * y[k] = b[k] + a[k] y[k - 1] along an axis, y[0] = b[0]; with `reverse` from the last element down. a and b float32 of one
 * shape. Throws ShapeError, DtypeError, ArgumentError otherwise.
 */
export const linearRecurrence = (
  a: Tensor,
  b: Tensor,
  { axis, reverse = false }: { axis: number; reverse?: boolean },
): Tensor => linearRecurrenceOp({ a, b }, { axis: axisOf(a.shape, axis, "linear_recurrence"), reverse });
