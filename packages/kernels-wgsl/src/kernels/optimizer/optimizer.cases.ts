import type { KernelCase, KernelEntry } from "../../cases.js";
import type { OptimizerRow, OptimizerSettings, StepOptions, Switches } from "./optimizer_row.js";
import {
  lateHyper,
  optimizerConstants,
  optimizerForm,
  optimizerParams,
  optimizerStep,
  type Scaling,
  STATE_BINDINGS,
} from "./optimizer_step.js";
import { optimizerStepReference } from "./optimizer_step.ref.js";
import { type AdadeltaSettings, adadelta } from "./rows/adadelta.js";
import { type AdagradSettings, adagrad } from "./rows/adagrad.js";
import { type AdamSettings, adam } from "./rows/adam.js";
import { type AdamaxSettings, adamax } from "./rows/adamax.js";
import { type AsgdSettings, asgd } from "./rows/asgd.js";
import { ema } from "./rows/ema.js";
import { type FtrlSettings, ftrl } from "./rows/ftrl.js";
import { type LambSettings, lambDirection } from "./rows/lamb_direction.js";
import { type LionSettings, lion } from "./rows/lion.js";
import { type MuonDirectionSettings, muonDirection } from "./rows/muon_direction.js";
import { type NadamSettings, nadam } from "./rows/nadam.js";
import { type RadamSettings, radam } from "./rows/radam.js";
import { type RmspropSettings, rmsprop } from "./rows/rmsprop.js";
import { type RpropSettings, rprop } from "./rows/rprop.js";
import { type ScheduleFreeAdamwSettings, scheduleFreeAdamw } from "./rows/schedule_free_adamw.js";
import { type ScheduleFreeSgdSettings, scheduleFreeSgd } from "./rows/schedule_free_sgd.js";
import { type SgdSettings, sgd } from "./rows/sgd.js";

type Case<S> = S & StepOptions & { bench?: boolean; scaling?: Scaling; late?: boolean };

/** Intervals that states are drawn from: squares and their like are no less than 0.01, so that quotients do not magnify roundings. */
const INTERVALS: Readonly<Record<string, readonly [number, number]>> = {
  v: [0.01, 1],
  vmax: [0.01, 1],
  u: [0.1, 1],
  sum: [0.01, 1],
  moves: [0, 1],
  mean: [-0.05, 0.05],
  size: [0.01, 0.1],
};

/** Hyperparameters that a quotient is multiplied by. */
const RATES = ["step_size", "rate", "lr", "by_g", "by_m"];

function stepCase<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  { count, step, bench = false, scaling = "none", late = false, ...rest }: Case<S>,
): KernelCase {
  const settings = rest as unknown as S;
  const form = optimizerForm(row, settings);
  const how = { ...(scaling !== "none" && { scaling }), ...(late && { late }) };
  const words = Object.entries({ step, ...rest, ...how }).map(([k, v]) => `${k} ${v}`);
  const values = row.hyper(settings, step);
  const reach = row.name === "sgd" ? 0 : Math.max(...RATES.map((name) => values[name] ?? 0));
  return {
    name: `${row.name} [${count}] ${words.join(", ")}`,
    // Late numbers are not those of the params.
    params: optimizerParams(row, settings, { count, step: late ? step + 5 : step }, { shift: 2, start: 8 }),
    constants: optimizerConstants(form, scaling, late),
    inputs: (random) => ({
      p: random.uniform(count, -1, 1),
      g: random.uniform(count, -1, 1),
      ...Object.fromEntries(
        form.states.map((name, i) => [STATE_BINDINGS[i], random.uniform(count, ...(INTERVALS[name] ?? [-1, 1]))]),
      ),
      ...(late && { late: Float32Array.from(lateHyper(form, settings, step)) }),
      ...(scaling === "all" && { scale: new Float32Array([0.625]) }),
      ...(scaling === "each" && {
        scale: new Float32Array([0.3, -1, 0]),
        segment: Uint32Array.from({ length: Math.ceil(count / 4) + 2 }, (_, i) => i % 3),
      }),
    }),
    outputs: {},
    // Parameters and states are sums of a few terms of some units, each rounded (2^-24); what is divided by roots of 0.1 and
    // more is magnified twelve times, in as many roundings.
    // What is itself a quotient (a velocity of such steps) has these roundings relative to its size.
    tolerance: { rtol: row.name === "sgd" ? 0 : 8 * 2 ** -24, atol: (6 + 100 * reach) * 2 ** -24 },
    bench,
  };
}

/** 34 826 is the example CNN, 3.3 million a large one; 7 and 257 are no multiples of four. */
const adams: Case<AdamSettings>[] = [
  { count: 1, step: 1, lr: 1e-3 },
  { count: 7, step: 2, lr: 0.1, beta1: 0.5, beta2: 0.75 },
  { count: 257, step: 1000, lr: 1e-3, eps: 0.01 },
  { count: 256, step: 1, lr: 1e-3, epsMode: "keras", eps: 1e-7 },
  { count: 257, step: 12, lr: 0.01, epsMode: "keras", eps: 0.01, amsgrad: true },
  { count: 256, step: 3, lr: 0.01, epsMode: "root", epsRoot: 1e-3 },
  { count: 257, step: 3, lr: 0.01, epsMode: "root", epsRoot: 0.1, eps: 0.1 },
  { count: 257, step: 3, lr: 0.01, epsMode: "root", eps: 0.1, amsgrad: true },
  { count: 256, step: 5, lr: 0.1, amsgrad: true, maximize: true },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05 },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "decoupled" },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "decoupled", amsgrad: true },
  { count: 257, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "keras", epsMode: "keras" },
  { count: 256, step: 5, lr: 0, beta1: 0, beta2: 0 },
  { count: 256, step: 7, lr: 1e-3, scaling: "all" },
  { count: 257, step: 2, lr: 0.1, scaling: "all", late: true },
  { count: 256, step: 2, lr: 0.1, epsMode: "root", scaling: "each", late: true },
  { count: 257, step: 7, lr: 1e-3, scaling: "each" },
  { count: 256, step: 7, lr: 1e-3, scaling: "each", clipValue: 0.25 },
  { count: 1025, step: 2, lr: 1e-3 },
  { count: 34_826, step: 100, lr: 1e-3 },
  // Its arena: every parameter begins at an offset that can be bound.
  { count: 34_880, step: 100, lr: 1e-3, bench: true },
  { count: 3_300_000, step: 100, lr: 1e-3, bench: true },
];

const momentum = 0.9;
const sgds: Case<SgdSettings>[] = [
  { count: 1, step: 1, lr: 0.1 },
  { count: 257, step: 1, lr: 0.1, momentum, dampening: 0.3 },
  { count: 256, step: 1, lr: 0.1, momentum, dampening: 0.3, late: true },
  { count: 256, step: 2, lr: 0.1, momentum, dampening: 0.3, maximize: true },
  { count: 256, step: 2, lr: 0.1, momentum, nesterov: true },
  { count: 257, step: 2, lr: 0.1, momentum, nesterov: true, dampening: 0.3 },
  { count: 256, step: 2, lr: 0.1, nesterov: true },
  { count: 256, step: 2, lr: 0.1, momentum, dampening: 0.3 },
  { count: 256, step: 1, lr: 0.1, momentum },
  { count: 256, step: 2, lr: 0.1 },
  { count: 257, step: 1, lr: 0.1, momentum, velocityMode: "keras" },
  { count: 256, step: 2, lr: 0.1, momentum, velocityMode: "keras", nesterov: true },
  { count: 257, step: 2, lr: 0.1, weightDecay: 0.05 },
  { count: 256, step: 2, lr: 0.1, momentum, weightDecay: 0.05, decayMode: "decoupled" },
  { count: 256, step: 2, lr: 0.1, momentum, weightDecay: 0.05, decayMode: "keras", velocityMode: "keras" },
  { count: 1025, step: 2, lr: 0.1 },
  { count: 34_826, step: 2, lr: 0.1, momentum },
  { count: 34_880, step: 2, lr: 0.1, momentum, bench: true },
  { count: 3_300_000, step: 2, lr: 0.1, momentum, bench: true },
];

const nadams: Case<NadamSettings>[] = [
  { count: 7, step: 1, lr: 0.01 },
  { count: 256, step: 9, lr: 0.01, momentumDecay: 1, weightDecay: 0.1, decayMode: "decoupled" },
  { count: 257, step: 3, lr: 0.01, lookAhead: "constant", epsRoot: 0.01 },
  { count: 256, step: 3, lr: 0.01, late: true },
];
const radams: Case<RadamSettings>[] = [
  { count: 7, step: 1, lr: 0.01 },
  { count: 256, step: 6, lr: 0.01 },
  { count: 257, step: 40, lr: 0.01, weightDecay: 0.1 },
  { count: 256, step: 3, lr: 0.01, late: true },
  { count: 256, step: 6, lr: 0.01, epsMode: "root", epsRoot: 0.01 },
  { count: 256, step: 5, lr: 0.01, epsMode: "root", beta2: 0.9, threshold: 4.5 },
];
const adamaxes: Case<AdamaxSettings>[] = [
  { count: 257, step: 1, lr: 0.01 },
  { count: 256, step: 4, lr: 0.01, epsMode: "keras", eps: 0.01 },
  { count: 256, step: 2, lr: 0.01, late: true },
];
const rmsprops: Case<RmspropSettings>[] = [
  { count: 7, step: 1, lr: 0.01 },
  { count: 256, step: 2, lr: 0.01, momentum, weightDecay: 0.1 },
  { count: 257, step: 2, lr: 0.01, momentum, centered: true },
  { count: 256, step: 2, lr: 0.01, epsMode: "inside", eps: 0.01, momentum, velocityMode: "keras", centered: true },
  { count: 256, step: 2, lr: 0.01, epsMode: "inside", momentum, velocityMode: "keras", nesterov: true },
  { count: 256, step: 2, lr: 0.01, momentum, nesterov: true },
  { count: 256, step: 2, lr: 0.01, rho: 0.5, biasCorrection: true },
  { count: 256, step: 2, lr: 0.01, rho: 0.5, biasCorrection: true, late: true },
];
const adagrads: Case<AdagradSettings>[] = [
  { count: 257, step: 3, lr: 0.1, lrDecay: 0.5 },
  { count: 256, step: 3, lr: 0.1, lrDecay: 0.5, late: true },
  { count: 256, step: 1, lr: 0.1, epsMode: "inside", eps: 0.01 },
];
const adadeltas: Case<AdadeltaSettings>[] = [
  { count: 257, step: 1, lr: 0.5 },
  { count: 256, step: 1, lr: 0.5, rho: 0.5, eps: 0.01, maximize: true },
];
const lions: Case<LionSettings>[] = [
  { count: 257, step: 1, lr: 0.01 },
  { count: 256, step: 1, lr: 0.01, beta1: 0.5, beta2: 0.75, weightDecay: 0.1, decayMode: "keras" },
];
const rprops: Case<RpropSettings>[] = [
  { count: 257, step: 1, lr: 0.01 },
  { count: 256, step: 2, lr: 0.01, etaMinus: 0.25, etaPlus: 2, minStep: 0.02, maxStep: 0.06 },
  { count: 256, step: 2, lr: 0.01, lagging: true },
];
const ftrls: Case<FtrlSettings>[] = [
  { count: 257, step: 1, lr: 0.5 },
  { count: 256, step: 1, lr: 0.5, l1: 0.1, l2: 0.2, l2Shrinkage: 0.3, beta: 0.4 },
  { count: 256, step: 1, lr: 0.5, lrPower: -0.75 },
];
const scheduleFrees: Case<ScheduleFreeSgdSettings>[] = [
  { count: 257, step: 1, lr: 0.1 },
  { count: 256, step: 4, lr: 0.1, beta1: 0.5, weightDecay: 0.1 },
  { count: 256, step: 4, lr: 0.1, averaging: 0.75 },
  { count: 256, step: 4, lr: 0.1, late: true },
];

const scheduleFreeAdamws: Case<ScheduleFreeAdamwSettings>[] = [
  { count: 257, step: 1, lr: 0.1 },
  { count: 256, step: 4, lr: 0.1, beta1: 0.5, beta2: 0.9, warmupSteps: 10, weightDecay: 0.1, decayMode: "keras" },
  { count: 256, step: 4, lr: 0.1, warmupSteps: 10, late: true },
];
const asgds: Case<AsgdSettings>[] = [
  { count: 257, step: 1, lr: 0.1 },
  { count: 256, step: 9, lr: 0.1, lambd: 0.5, t0: 2, weightDecay: 0.1 },
  { count: 256, step: 9, lr: 0.1, lambd: 0.5, t0: 2, late: true },
];
const muons: Case<MuonDirectionSettings>[] = [
  { count: 257, step: 1, lr: 0.1 },
  { count: 256, step: 2, lr: 0.1, momentum: 0.5, average: "sum" },
  { count: 256, step: 2, lr: 0.1, nesterov: false },
  { count: 256, step: 2, lr: 0.1, average: "optax", nesterov: false },
  { count: 257, step: 2, lr: 0.1, average: "optax" },
  { count: 256, step: 2, lr: 0.1, average: "optax", late: true },
];
const emas: Case<OptimizerSettings>[] = [
  { count: 257, step: 1, lr: 0.25 },
  { count: 256, step: 1, lr: 1 },
];
const lambs: Case<LambSettings>[] = [
  { count: 257, step: 3, lr: 0.1 },
  { count: 256, step: 1, lr: 0.1, trustDecay: 0.1, epsRoot: 0.01 },
  { count: 256, step: 1, lr: 0.1, trustDecay: 0.1, trustDecayMode: "keras" },
  { count: 256, step: 2, lr: 0.1, late: true },
];

export const optimizerEntries: KernelEntry[] = [
  {
    kernel: optimizerStep,
    reference: optimizerStepReference,
    cases: [
      ...adams.map((row) => stepCase(adam, row)),
      ...sgds.map((row) => stepCase(sgd, row)),
      ...nadams.map((row) => stepCase(nadam, row)),
      ...radams.map((row) => stepCase(radam, row)),
      ...adamaxes.map((row) => stepCase(adamax, row)),
      ...rmsprops.map((row) => stepCase(rmsprop, row)),
      ...adagrads.map((row) => stepCase(adagrad, row)),
      ...adadeltas.map((row) => stepCase(adadelta, row)),
      ...lions.map((row) => stepCase(lion, row)),
      ...rprops.map((row) => stepCase(rprop, row)),
      ...ftrls.map((row) => stepCase(ftrl, row)),
      ...scheduleFreeAdamws.map((row) => stepCase(scheduleFreeAdamw, row)),
      ...asgds.map((row) => stepCase(asgd, row)),
      ...muons.map((row) => stepCase(muonDirection, row)),
      ...emas.map((row) => stepCase(ema, row)),
      ...lambs.map((row) => stepCase(lambDirection, row)),
      ...scheduleFrees.map((row) => stepCase(scheduleFreeSgd, row)),
    ],
  },
];
