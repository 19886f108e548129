import { ArgumentError, Muon as CoreMuon, type MuonSettings as CoreSettings } from "@facet/autograd";
import { type Args, bool, int, listOf, number, oneOf, required, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { sizeText } from "../python.js";
import { FusedOptimizer, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface MuonSettings {
  lr: number;
  weight_decay: number;
  momentum: number;
  nesterov: boolean;
  ns_coefficients: readonly [number, number, number];
  eps: number;
  ns_steps: number;
  adjust_lr_fn: "original" | "match_rms_adamw" | null;
}

const settings = {
  lr: number.or(1e-3),
  weight_decay: number.or(0.1),
  momentum: number.or(0.95),
  nesterov: bool.or(true),
  ns_coefficients: listOf(number, 3).or([3.4445, -4.775, 2.0315]),
  eps: number.or(1e-7),
  ns_steps: int.or(5),
  adjust_lr_fn: oneOf("original", "match_rms_adamw").or(null),
} as const;
const read = signature("torch.optim.Muon", { params: required, ...settings });

const spec: OptimizerSpec<MuonSettings> = {
  state: { momentum_buffer: "m" },
  numbers: {},
  kinds: signature("torch.optim.Muon.param_groups", settings),
  check: ({ lr, momentum, weight_decay, ns_steps }, op) => {
    for (const [argument, what, value] of [
      ["lr", "Learning rate", lr],
      ["momentum", "momentum", momentum],
      ["weight_decay", "weight decay", weight_decay],
    ] as const)
      if (!(value >= 0))
        complain(ArgumentError, `${what} should be >= 0 but is: ${show(value)}`, {
          op,
          argument,
          expected: ">= 0",
          given: show(value),
        });
    if (ns_steps >= 100)
      complain(ArgumentError, "Number of steps must be less than 100 for computational efficiency", {
        op,
        argument: "ns_steps",
        expected: "below 100",
        given: `${ns_steps}`,
      });
  },
  toCore: ({ lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn }) => ({
    lr,
    weightDecay: weight_decay,
    momentum,
    nesterov,
    coefficients: ns_coefficients,
    eps,
    steps: ns_steps,
    precision: "bfloat16" as const,
    ...(adjust_lr_fn === "match_rms_adamw" && {
      scale: (rows: number, columns: number): number => 0.2 * Math.sqrt(Math.max(rows, columns)),
    }),
  }),
  make: (parameters, given) => {
    for (const { shape } of parameters)
      if (shape.length !== 2)
        complain(
          ArgumentError,
          `Muon only supports 2D parameters whereas we found a parameter with size: torch.Size(${sizeText(shape)})`,
          { op: "Muon", argument: "params", expected: "matrices", given: sizeText(shape) },
        );
    return new CoreMuon(parameters, given as CoreSettings);
  },
};

/** Muon, for matrices alone: lr 1e-3, weight_decay 0.1, momentum 0.95; five Newton-Schulz iterations, rounded to bfloat16. */
export class Muon extends FusedOptimizer<MuonSettings> {
  constructor(
    ...args: [
      params: Params<MuonSettings>,
      ...Args<
        [
          lr: number,
          weight_decay: number,
          momentum: number,
          nesterov: boolean,
          ns_coefficients: readonly [number, number, number],
          eps: number,
          ns_steps: number,
          adjust_lr_fn: "original" | "match_rms_adamw" | null,
        ],
        MuonSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<MuonSettings>, defaults as unknown as MuonSettings);
  }

  protected override get spec() {
    return spec;
  }
}
