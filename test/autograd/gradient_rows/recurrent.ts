// Recurrent cells: two steps and more, in both directions, with masks.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const mask = (): F.Tensor => F.cast(F.fromData([1, 0, 1, 1], [2, 2], "int32"), "bool");

function row(
  cell: F.RecurrentCell,
  variant: string,
  options: F.RecurrentOptions & { masked?: boolean } = {},
): GradientRow {
  const gates = { lstm: 4, gru: 3, rnn: 1 }[cell];
  const [steps, batch, features, units] = [2, 2, 1, 2];
  const weights = options.weightLayout === "in_out" ? [units, gates * units] : [gates * units, units];
  const input = options.weightLayout === "in_out" ? [features, gates * units] : [gates * units, features];
  const { masked = false, ...rest } = options;
  return {
    op: cell,
    variant,
    shapes: [
      [steps, batch, features],
      input,
      weights,
      [gates * units],
      [batch, units],
      ...(cell === "lstm" ? [[batch, units]] : []),
    ],
    // Steps of gates are curved.
    eps: 1 / 128,
    call: (x, input, recurrent, own, h, c) => {
      const weights = {
        input,
        recurrent,
        ...(cell === "gru" ? { recurrentBias: own } : { bias: own }),
      } as F.RecurrentWeights;
      const result = F.recurrent(cell, x as F.Tensor, weights, {
        h,
        c,
        ...rest,
        ...(masked ? { mask: mask() } : {}),
      });
      return F.concat(
        [result.y, result.h, result.c].flatMap((part) => (part ? [F.reshape(part, [-1])] : [])),
        0,
      );
    },
  };
}

export const recurrentRows: readonly GradientRow[] = [
  row("lstm", "out_in"),
  row("lstm", "in_out, reverse, masked, sigmoid", {
    weightLayout: "in_out",
    reverse: true,
    masked: true,
    activation: "sigmoid",
  }),
  row("gru", "out_in, masked", { masked: true }),
  row("gru", "in_out, reverse, zrn", { weightLayout: "in_out", reverse: true, order: "zrn" }),
  row("rnn", "out_in"),
  row("rnn", "in_out, reverse, masked, hold", {
    weightLayout: "in_out",
    reverse: true,
    masked: true,
    beyond: "hold",
  }),
];
