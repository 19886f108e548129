import { rprop } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import { type Params, requireSetting } from "./optimizer.js";

export interface RpropSettings {
  lr: number;
  etas: readonly [number, number];
  step_sizes: readonly [number, number];
  capturable: false;
  foreach: null;
  maximize: boolean;
  differentiable: false;
}

const settings = {
  lr: number.or(1e-2),
  etas: listOf(number, 2).or([0.5, 1.2]),
  step_sizes: listOf(number, 2).or([1e-6, 50]),
  "*": null,
  capturable: only(false),
  foreach: only(null, false),
  maximize: bool.or(false),
  differentiable: only(false),
} as const;
const read = signature("torch.optim.Rprop", { params: required, ...settings });

const spec: OptimizerSpec<RpropSettings> = {
  state: { prev: "previous", step_size: "size" },
  numbers: counted,
  kinds: signature("torch.optim.Rprop.param_groups", settings),
  check: (group, op) => {
    const [minus, plus] = group.etas;
    const ok = minus > 0 && minus < 1 && plus > 1;
    checks.lr(group, op);
    requireSetting(op, "etas", ok, "eta values", `${minus}, ${plus}`, "0 < etaminus < 1 < etaplus");
  },
  toCore: ({ lr, etas, step_sizes, maximize }) => ({
    lr,
    etaMinus: etas[0],
    etaPlus: etas[1],
    minStep: step_sizes[0],
    maxStep: step_sizes[1],
    maximize,
  }),
  make: flat(rprop),
};

/** Rprop: steps of lr 1e-2 at first, times 0.5 where the gradient turns and 1.2 where it stays, within step_sizes. */
export class Rprop extends FusedOptimizer<RpropSettings> {
  constructor(
    ...args: [
      params: Params<RpropSettings>,
      ...Args<[lr: number, etas: readonly [number, number], step_sizes: readonly [number, number]], RpropSettings>,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<RpropSettings>, defaults as unknown as RpropSettings);
  }

  protected override get spec() {
    return spec;
  }
}
