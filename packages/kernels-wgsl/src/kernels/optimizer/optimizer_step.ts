import { ArgumentError, FacetError } from "../../errors.js";
import { type Constants, defineKernel, divideUp, FAT_LANES, type ParamValues, spread, TILE } from "../../kernel.js";
import {
  type AnyOptimizerRow,
  type CommonSwitches,
  checkCommon,
  commonHyper,
  commonSwitches,
  commonUpdate,
  type OptimizerRow,
  type OptimizerSettings,
  type StepOptions,
  type Switches,
} from "./optimizer_row.js";
import optimizerStepWgsl from "./optimizer_step.wgsl";
import { inFours } from "./settings.js";

/** Hyperparameters that a formula can have. */
const MOST_HYPER = 13;
type Hyper = `h${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12}`;
const hyperNames = Array.from({ length: MOST_HYPER }, (_, i) => `h${i}` as Hyper);

const params = {
  count: "u32",
  block_shift: "u32",
  first_block: "u32",
  zero: "u32",
  ...(Object.fromEntries(hyperNames.map((name) => [name, "f32"])) as Record<Hyper, "f32">),
} as const;

export type OptimizerParams = ParamValues<typeof params>;

const inPlace = { access: "read_write", dtype: "f32", optional: true } as const;

/** One step of any optimiser of the table, in place. See optimizer_step.wgsl, `optimizerConstants` and `optimizerParams`. */
export const optimizerStep = defineKernel({
  name: "optimizer_step",
  wgsl: optimizerStepWgsl,
  software: FAT_LANES,
  bindings: {
    p: { access: "read_write", dtype: "f32" },
    g: { access: "read", dtype: "f32" },
    a: inPlace,
    b: inPlace,
    c: inPlace,
    scale: { access: "read", dtype: "f32", optional: true },
    segment: { access: "read", dtype: "u32", optional: true },
    late: { access: "read", dtype: "f32", optional: true },
  },
  params,
  variants: [
    {
      name: "vec4",
      order: "elementwise",
      constants: { T: "vec4<f32>", U: "vec4<u32>", B: "vec4<bool>", WIDTH: "4u" },
      applies: (p, views) => inFours(p.count, views),
      workgroups: (p) => spread(divideUp(p.count, 4 * TILE)),
    },
    { name: "scalar", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, TILE)) },
  ],
  // Of a step with two states, as the params do not tell how many there are.
  cost: (p) => ({ flops: 12 * p.count, bytes: 28 * p.count }),
});

/** The bindings of a row's states, in the order of their names. */
export const STATE_BINDINGS = ["a", "b", "c"] as const;

/** Where factors on the gradients come from: nowhere, one for all, one for each parameter. */
export type Scaling = "none" | "all" | "each";

/** Hyperparameters of a row that are others in every step: first the rates, then the others. */
const stepNames = ({ byStep: { rates = [], others = [] } = {} }: AnyOptimizerRow): string[] => [...rates, ...others];

/** A row with its switches set. */
export interface OptimizerForm {
  readonly row: AnyOptimizerRow;
  /** Tells it from other forms of the row. */
  readonly key: string;
  readonly switches: Switches;
  readonly common: CommonSwitches;
  /** Names of the states. */
  readonly states: readonly string[];
  /** Names of the hyperparameters, in the order of h0, h1 ...; after them comes the learning rate, for late rates. */
  readonly hyper: readonly string[];
  /** Of them those that are others in every step, in the order of `late`. */
  readonly byStep: readonly string[];
}

const forms = new WeakMap<AnyOptimizerRow, Map<string, OptimizerForm>>();
const origins = new WeakMap<Constants, OptimizerForm>();
const constants = new WeakMap<OptimizerForm, Map<string, Constants>>();

/** What settings make of a row. The same switches give the same object. */
export function optimizerForm<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  settings: S,
): OptimizerForm {
  const [switches, common] = [row.switches(settings), commonSwitches(settings)];
  const key = [...Object.values(switches), ...Object.values(common)].join();
  const known = forms.get(row) ?? new Map<string, OptimizerForm>();
  forms.set(row, known);
  let form = known.get(key);
  if (!form) {
    const hyper = Object.keys({ ...row.hyper(settings, 1), ...commonHyper(settings) });
    if (hyper.length >= MOST_HYPER)
      throw new FacetError({ op: row.name, argument: "hyper", expected: `fewer than ${MOST_HYPER} hyperparameters` });
    const formula = row.update(switches).join(" ");
    const byStep = stepNames(row).filter((name) => new RegExp(`\\bh\\.${name}\\b`).test(formula));
    form = { row, key, switches, common, states: row.states(switches), hyper, byStep };
    known.set(key, form);
  }
  return form;
}

/**
 * What turns `optimizerStep` into a row with these switches, for `RunOptions.constants`. The same form gives the same object. With
 * `late`, hyperparameters that are others in every step are read from the binding of that name (`lateHyper`).
 */
export function optimizerConstants(form: OptimizerForm, scaling: Scaling = "none", late = false): Constants {
  const known = constants.get(form) ?? new Map<string, Constants>();
  constants.set(form, known);
  const key = late ? `late ${scaling}` : scaling;
  let made = known.get(key);
  if (!made) {
    const { row, states } = form;
    const lines = [
      ...commonUpdate(form.common),
      ...states.map((name, i) => `let ${name} = e.${STATE_BINDINGS[i]};`),
      ...row.update(form.switches),
    ];
    const results = STATE_BINDINGS.map((binding, i) => (states[i] ? `${states[i]}_new` : `e.${binding}`));
    const text = [...lines, `return Element(p_new, e.g, ${results.join(", ")});`].join(" ");
    const named = text.replaceAll(/\bh\.(\w+)/g, (_, name: string) => {
      const i = form.hyper.indexOf(name);
      if (i < 0) throw new FacetError({ op: row.name, argument: name, expected: "a hyperparameter of the row" });
      const place = late ? form.byStep.indexOf(name) : -1;
      if (place < 0) return `params.h${i}`;
      return row.byStep?.rates?.includes(name) ? `(late[${place}u] * params.h${form.hyper.length})` : `late[${place}u]`;
    });
    made = {
      STATES: `${states.length}u`,
      update: named,
      ...(scaling !== "none" && { SCALED: "true" }),
      ...(scaling === "each" && { factor: "scale[segment[params.first_block + ((i * WIDTH) >> params.block_shift)]]" }),
    };
    origins.set(made, form);
    known.set(key, made);
  }
  return made;
}

/** What constants were made from; undefined for others. */
export const optimizerOrigin = (given: Constants): OptimizerForm | undefined => origins.get(given);

const NO_HYPER = Object.fromEntries(hyperNames.map((name) => [name, 0])) as Record<Hyper, number>;

/**
 * Params of `optimizerStep` for one step of a row; what depends on the step is computed here, in f64. Throws ArgumentError on
 * settings that are out of their range.
 *
 * @param blocks With a factor for each parameter: the power of two that a block has elements, and where in the flat tensors the
 * first element is.
 */
export function optimizerParams<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  settings: S,
  options: StepOptions,
  { shift, start }: { shift: number; start: number } = { shift: 0, start: 0 },
): OptimizerParams {
  checkCommon(row.name, settings, options);
  row.check(settings);
  // Computed in every step of every optimiser, replayed ones too: one object is copied and filled in.
  const hyper = { ...NO_HYPER };
  const own: Readonly<Record<string, number>> = { ...row.hyper(settings, options.step), ...commonHyper(settings) };
  let i = 0;
  for (const name in own) hyper[hyperNames[i++] as Hyper] = own[name] as number;
  hyper[hyperNames[i] as Hyper] = settings.lr;
  return { count: options.count, block_shift: shift, first_block: start >> shift, zero: 0, ...hyper };
}

/**
 * What the binding `late` holds for one step: hyperparameters that are others in every step, the rates among them of a learning rate
 * of 1. In the order of the form's `byStep`.
 */
export function lateHyper({ row, byStep }: OptimizerForm, settings: OptimizerSettings, step: number): number[] {
  const [own, unit] = [row.hyper(settings, step), row.hyper({ ...settings, lr: 1 }, step)];
  return byStep.map((name) => (row.byStep?.rates?.includes(name) ? unit : own)[name] as number);
}

/** The shift of a block of `elements`, a power of two. */
export function blockShift(elements: number): number {
  const shift = Math.log2(elements);
  if (Number.isInteger(shift) && shift >= 2) return shift;
  throw new ArgumentError({
    op: "optimizer_step",
    argument: "block",
    expected: "a power of two from 4",
    given: `${elements}`,
  });
}
