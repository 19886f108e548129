// Products of two inputs, distances between rows, and draws of classes, as functions.
import * as core from "@facet/autograd";
import { type Args, define, int, number } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";

const named = (name: string): string => `torch.nn.functional.${name}`;

/** x1' W x2 + b for every output: [..., in1], [..., in2], weight [out, in1, in2]. */
export const bilinear: (
  input1: Tensor,
  input2: Tensor,
  ...args: Args<[weight: Tensor, bias: Tensor | null], { weight: Tensor; bias: Tensor | null }>
) => Tensor = define(
  named("bilinear"),
  { input1: tensor, input2: tensor, weight: tensor, bias: tensor.or(null) },
  ({ input1, input2, weight, bias }) => {
    const op = "bilinear";
    for (const [argument, x] of Object.entries({ input1, input2, weight, bias }))
      if (x) requireFloat(op, argument, x.core.dtype);
    const wrong = (argument: string, sentence: string, expected: string, given: Tensor): never =>
      complain(core.ShapeError, sentence, { op, argument, expected, given: sizeText(given.shape) });
    if (weight.rank !== 3) wrong("weight", "bilinear(): weight must have 3 dimensions", "[out, in1, in2]", weight);
    const [out, first, second] = weight.shape as [number, number, number];
    const lead = input1.shape.slice(0, -1);
    if (input1.rank === 0 || `${input2.shape.slice(0, -1)}` !== `${lead}` || input2.rank !== input1.rank)
      wrong(
        "input2",
        `bilinear(): input batch dimensions do not match: got ${sizeText(input1.shape)} and ${sizeText(input2.shape)}`,
        sizeText(lead),
        input2,
      );
    for (const [argument, x, width] of [
      ["input1", input1, first],
      ["input2", input2, second],
    ] as const)
      if (x.shape.at(-1) !== width)
        wrong(
          argument,
          `bilinear(): ${argument} size does not match weight size: got ${x.shape.at(-1)} but expected ${width}`,
          `${width} in the last dimension`,
          x,
        );
    if (bias && `${bias.shape}` !== `${out}`)
      wrong("bias", `bilinear(): bias size does not match weight size: expected ${out}`, `[${out}]`, bias);
    return core.scope(() => {
      const rows = core.sizeOf(lead);
      const x = core.reshape(input1.core, [rows, first]);
      const y = core.reshape(input2.core, [rows, 1, second]);
      const products = core.reshape(
        core.matmul(x, core.reshape(core.transpose(weight.core, [1, 0, 2]), [first, out * second])),
        [rows, out, second],
      );
      const sums = core.sum(core.mul(products, y), { axes: 2 });
      return wrap(core.reshape(bias ? core.add(sums, bias.core) : sums, [...lead, out]));
    });
  },
);

export interface GumbelArguments {
  /** Temperature. */
  tau: number;
  /** Whether results are one-hot, with the gradient of the soft ones. */
  hard: boolean;
  /** Without effect, as in PyTorch. */
  eps: number;
  dim: number;
}
/** softmax of logits with Gumbel noise: a draw of classes that has a gradient. */
export const gumbel_softmax: (
  logits: Tensor,
  ...args: Args<[tau: number, hard: boolean, eps: number, dim: number], GumbelArguments>
) => Tensor = define(
  named("gumbel_softmax"),
  { logits: tensor, tau: number.or(1), hard: false, eps: number.or(1e-10), dim: int.or(-1) },
  ({ logits, tau, hard, dim }) => {
    requireFloat("gumbel_softmax", "logits", logits.core.dtype);
    const axis = dimension("gumbel_softmax", dim, logits.rank);
    return core.scope(() => {
      const line = logits.rank === 0 ? core.reshape(logits.core, [1]) : logits.core;
      // -log of exponential draws; 1 - u is never 0.
      const drawn = core.neg(core.log(core.sub(1, core.uniform(nextKey(null), line.shape))));
      const noise = core.neg(core.log(core.maximum(drawn, 2 ** -149)));
      const soft = core.softmax(core.div(core.add(line, noise), tau), axis);
      if (!hard) return wrap(core.reshape(soft, logits.shape));
      const best = core.noGrad(() => {
        const moved = line.shape.map((_, d) => d).filter((d) => d !== axis);
        const last = core.transpose(soft, [...moved, axis]);
        const classes = core.oneHot(core.argmax(last, last.rank - 1), line.shape[axis] as number);
        const back = line.shape.map((_, d) => (d === axis ? line.rank - 1 : moved.indexOf(d)));
        return core.transpose(core.cast(classes, "float32"), back);
      });
      // The value of the one-hot, the gradient of the soft one.
      return wrap(
        core.reshape(
          core.add(
            core.noGrad(() => core.sub(best, soft)),
            soft,
          ),
          logits.shape,
        ),
      );
    });
  },
);
