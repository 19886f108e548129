// Connectionist temporal classification, Graves et al. (2006).
import { ArgumentError, ctcBackward, ctcForward, ctcGeometry, UnsupportedError } from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { device } from "../engine.js";
import { isInf } from "../ops/bits.js";
import { full } from "../ops/create.js";
import { mul, where } from "../ops/elementwise.js";
import { sum } from "../ops/reduce.js";
import { empty, type Tensor } from "../tensor.js";
import type { BatchedCall } from "../vmap/call.js";
import { allBatched, mergedInto, splitFrom } from "../vmap/rules.js";

interface Sequences extends Readonly<Record<string, Tensor>> {
  readonly logProbs: Tensor;
  readonly labels: Tensor;
  readonly inputLengths: Tensor;
  readonly labelLengths: Tensor;
}
interface Attrs {
  readonly blank: number;
}
type Gradient = Sequences & { readonly dloss: Tensor; readonly alpha: Tensor };

function geometry({ logProbs, labels, inputLengths, labelLengths }: Sequences, { blank }: Attrs, slot = 0) {
  const lengths = { inputLengths: inputLengths.shape, labelLengths: labelLengths.shape };
  return ctcGeometry(logProbs.shape, labels.shape, lengths, blank, slot);
}

/** Examples of a vmap beside those of a batch, which log-probabilities have in their second dimension. */
function asMoreExamples<I extends Sequences>(
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  attrs: Attrs,
  size: number,
): BatchedCall<I, Attrs> {
  const all = Object.entries(allBatched<I>(inputs, isBatched, size));
  const merged = all.map(([name, x]) => [name, mergedInto(x, name === "logProbs" ? 1 : 0)]);
  return { inputs: Object.fromEntries(merged) as I, attrs, finish: (y) => splitFrom(y, 0, size) };
}

const FAULTS = {
  op: "ctc",
  argument: "labels",
  expected: "classes other than the blank, and lengths within the extents of log-probabilities and labels",
  found: ["a label that is none of them", "a length beyond"],
  error: ArgumentError,
};

const ctcOp = defineOp<Sequences, Attrs, "alpha">({
  name: "ctc",
  shape: (inputs, attrs) => {
    expectDtype("ctc", "logProbs", inputs.logProbs.dtype, "float32");
    for (const argument of ["labels", "inputLengths", "labelLengths"] as const)
      expectDtype("ctc", argument, inputs[argument].dtype, "int32");
    return geometry(inputs, attrs).shape;
  },
  aux: { alpha: (inputs, attrs) => ({ shape: geometry(inputs, attrs).alpha, dtype: "float32" }) },
  forward: (inputs, loss, attrs, { alpha }) => {
    if (loss.size === 0) return;
    const { params } = geometry(inputs, attrs, device().faults.slot(FAULTS));
    launch(ctcForward, { ...bound(inputs), alpha, loss }, params);
  },
  vjp: {
    logProbs: vjp(
      ["logProbs", "labels", "inputLengths", "labelLengths", "alpha"],
      (dloss, saved, { attrs }): Tensor => backwardOp({ ...saved, dloss }, attrs),
    ),
    labels: nonDifferentiable,
    inputLengths: nonDifferentiable,
    labelLengths: nonDifferentiable,
  },
  batch: asMoreExamples,
});

const bound = ({ logProbs, labels, inputLengths, labelLengths }: Sequences) => ({
  log_probs: logProbs,
  labels,
  input_lengths: inputLengths,
  label_lengths: labelLengths,
});

const twice: Vjp<Attrs> = vjp([], () => {
  throw new UnsupportedError({
    op: "ctc",
    argument: "logProbs",
    expected: "to be differentiated once",
    given: "a second derivative",
  });
});

const backwardOp = defineOp<Gradient, Attrs>({
  name: "ctc_backward",
  shape: ({ logProbs }) => logProbs.shape,
  forward: (inputs, y, attrs) => {
    const { params, beta: shape } = geometry(inputs, attrs);
    const beta = empty(shape, "float32", "workspace");
    const { alpha, dloss } = inputs;
    launch(ctcBackward, { ...bound(inputs), alpha, dloss, beta, dlog_probs: y }, params);
    beta.dispose();
  },
  vjp: {
    logProbs: twice,
    labels: nonDifferentiable,
    inputLengths: nonDifferentiable,
    labelLengths: nonDifferentiable,
    alpha: nonDifferentiable,
    // Linear in dloss: what 1 makes of each example, times g.
    dloss: vjp(
      ["logProbs", "labels", "inputLengths", "labelLengths", "alpha", "loss"],
      (g, saved, { attrs }): Tensor => {
        const unit = backwardOp({ ...saved, dloss: full(saved.inputLengths.shape, 1) }, attrs);
        return sum(mul(g, unit), { axes: [0, 2] });
      },
    ),
  },
  batch: (...given) => ({ ...asMoreExamples(...given), finish: (dlogProbs) => splitFrom(dlogProbs, 1, given[3]) }),
});

export interface CtcOptions {
  /** The class that stands for no label. Default 0. */
  readonly blank?: number;
  /** Whether the loss of labels that need more steps than there are, which is infinite, counts as 0. Default false. */
  readonly zeroInfinity?: boolean;
}

/**
 * -log of the probability of each example's labels, over all their alignments with its steps.
 *
 * The gradient is that of log-probabilities as free numbers: -(probability that a step is at a class, given the labels). PyTorch's
 * adds e^logProbs, which log_softmax' own gradient takes away again. Second derivatives throw.
 *
 * @param logProbs [steps, examples, classes], float32.
 * @param labels [examples, labels], int32: those beyond an example's length are not read.
 * @param inputLengths Steps of each example, [examples], int32.
 * @param labelLengths Labels of each example, [examples], int32.
 * @returns Losses, [examples]; infinite where the labels take more steps than there are.
 * @throws ShapeError, DtypeError and ArgumentError for shapes, dtypes and a blank that do not fit; a label that is no class, or a
 * length beyond the extents, raises ArgumentError at the next read.
 */
export function ctcLoss(
  logProbs: Tensor,
  labels: Tensor,
  inputLengths: Tensor,
  labelLengths: Tensor,
  { blank = 0, zeroInfinity = false }: CtcOptions = {},
): Tensor {
  const loss = ctcOp({ logProbs, labels, inputLengths, labelLengths }, { blank });
  return zeroInfinity ? where(isInf(loss), 0, loss) : loss;
}
