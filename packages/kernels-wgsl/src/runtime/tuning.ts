import { ArgumentError, FacetError } from "../errors.js";
import type { AnyKernel, Constants } from "../kernel.js";
import { shipped } from "../tuning/index.js";
import type { AdapterDescription } from "./device.js";
import type { AnyVariant } from "./pipelines.js";
import {
  checkTable,
  FORMAT,
  formatTable,
  kernelVersion,
  parseTable,
  shapeClass,
  type TunedChoice,
  type TunedKernel,
  type TuningTable,
} from "./tuning_table.js";
import { warn } from "./warnings.js";

type Params = Parameters<AnyVariant["workgroups"]>[0];
/** Memory of the bindings as far as tuning looks at it. */
type Sizes = Readonly<Record<string, { readonly offset: number; readonly bytes: number } | undefined>>;

/** A call for whose shape class nothing has been measured. */
export interface Encounter {
  readonly kernel: AnyKernel;
  readonly shapes: string;
  readonly params: Readonly<Record<string, number | readonly number[]>>;
  readonly constants: Constants | undefined;
  /** Bytes of every binding that was given. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Variants that may be exchanged, the untuned choice first. */
  readonly candidates: readonly AnyVariant[];
}

/** Where tables are kept between runs; the Node entry puts files here. */
export interface TuningStore {
  /** Name of the place, for messages. */
  place(adapter: AdapterDescription): string;
  load(adapter: AdapterDescription): string | undefined;
  save(adapter: AdapterDescription, text: string): void;
}

let store: TuningStore | undefined;

export function setTuningStore(given: TuningStore | undefined): void {
  store = given;
}

/** Whether the device has the subgroups that the variant is written for. */
export function runsOn({ subgroupSize }: { readonly subgroupSize: number }, variant: AnyVariant): boolean {
  return variant.subgroupSize === undefined || variant.subgroupSize === subgroupSize;
}

const applies = (variant: AnyVariant, params: Params, views: Sizes): boolean =>
  variant.applies?.(params, views as Record<string, { offset: number }>) ?? true;

function firstOf(variants: readonly AnyVariant[], params: Params, views: Sizes): AnyVariant | undefined {
  for (const variant of variants) if (applies(variant, params, views)) return variant;
  return undefined;
}

/**
 * Picks variants for one device. The first that applies is the static rule's and decides the order of accumulation; one of the
 * same order that is made for the adapter's kind goes before it there, and a table of measurements may put another of that order in its place.
 * So no bit of any result depends on the adapter's kind or on what was tuned.
 */
export class Tuning {
  readonly #adapter: AdapterDescription;
  readonly #subgroupSize: number;
  readonly #variants = new Map<AnyKernel, readonly AnyVariant[]>();
  readonly #own: TuningTable | undefined;
  readonly #shipped: TuningTable | undefined;
  readonly #choices = new Map<AnyKernel, Map<string, AnyVariant>>();
  /** What was measured since the device was opened. */
  readonly #measured = new Map<string, { version: string; choices: Map<string, TunedChoice> }>();
  readonly #excluded = new Set<AnyVariant>();
  #met: Map<string, Encounter> | undefined;

  /** Reads the tables. */
  constructor(adapter: AdapterDescription, subgroupSize: number) {
    this.#adapter = adapter;
    this.#subgroupSize = subgroupSize;
    this.#own = this.#stored();
    const value = shipped[adapter.kind];
    this.#shipped = value === undefined ? undefined : checkTable(value, "shipped with Facet");
  }

  /** The kernel's variants that this device can run. */
  #variantsOf(kernel: AnyKernel): readonly AnyVariant[] {
    let variants = this.#variants.get(kernel);
    if (!variants) {
      const able = kernel.variants.filter((variant: AnyVariant) =>
        runsOn({ subgroupSize: this.#subgroupSize }, variant),
      );
      variants = [...able.filter(({ prefer }) => !prefer), ...able.filter(({ prefer }) => prefer)];
      this.#variants.set(kernel, variants);
    }
    return variants;
  }

  /** Every variant that this device can run with these params, whatever its order, in order of preference. */
  applicable(kernel: AnyKernel, params: Params, views: Sizes): readonly AnyVariant[] {
    return this.#variantsOf(kernel).filter((variant) => applies(variant, params, views));
  }

  /** The variant to run where nothing was measured. */
  #untuned(kernel: AnyKernel, params: Params, views: Sizes): AnyVariant | undefined {
    const variants = this.#variantsOf(kernel);
    const first = firstOf(variants, params, views);
    if (!first || !variants[variants.length - 1]?.prefer) return first;
    const { kind } = this.#adapter;
    for (const variant of variants) {
      const { prefer, order } = variant;
      if (!prefer || order !== first.order) continue;
      if (prefer !== kind && (kind === "hardware" || prefer !== "software")) continue;
      if (applies(variant, params, views)) return variant;
    }
    return first;
  }

  #stored(): TuningTable | undefined {
    try {
      const text = store?.load(this.#adapter);
      if (store === undefined || text === undefined) return undefined;
      const origin = store.place(this.#adapter);
      const table = parseTable(text, origin);
      const { name, driver } = this.#adapter;
      if (table.adapter === name && table.driver === driver) return table;
      throw new FacetError({
        op: "tuning table",
        argument: origin,
        expected: `one for ${name}, driver ${driver}`,
        given: `one for ${table.adapter}, driver ${table.driver}`,
      });
    } catch (error) {
      warn(`${error instanceof Error ? error.message : error}. It is ignored; \`npx facet tune\` writes a new one`);
      return undefined;
    }
  }

  /** The variant to run. Throws ArgumentError when none applies, or `options.variant` is none of the kernel's. */
  pick(
    kernel: AnyKernel,
    params: Params,
    views: Sizes,
    options: { readonly variant?: string; readonly constants?: Constants },
  ): AnyVariant {
    const forced = options.variant;
    const variants = this.#variantsOf(kernel);
    const untuned =
      forced === undefined ? this.#untuned(kernel, params, views) : variants.find(({ name }) => name === forced);
    if (!untuned) {
      throw new ArgumentError({
        op: kernel.name,
        argument: "variant",
        expected: `one of ${variants.map(({ name }) => name).join(", ")}`,
        given: forced ?? "params that no variant takes",
      });
    }
    if (forced !== undefined || variants.length === 1) return untuned;
    const chosen = this.#choose(kernel, untuned, params, views, options.constants);
    if (this.#excluded.size === 0 || !this.#excluded.has(chosen)) return chosen;
    return candidates(variants, untuned, params, views).find((variant) => !this.#excluded.has(variant)) ?? untuned;
  }

  #choose(
    kernel: AnyKernel,
    untuned: AnyVariant,
    params: Params,
    views: Sizes,
    constants: Constants | undefined,
  ): AnyVariant {
    let choices = this.#choices.get(kernel);
    if (!choices) {
      choices = this.#load(kernel);
      this.#choices.set(kernel, choices);
    }
    if (choices.size === 0 && !this.#met) return untuned;
    const shapes = shapeClass(kernel, untuned.name, params);
    const chosen = choices.get(shapes);
    if (chosen) return applies(chosen, params, views) ? chosen : untuned;
    this.#meet(kernel, untuned, shapes, params, views, constants);
    return untuned;
  }

  #meet(
    kernel: AnyKernel,
    untuned: AnyVariant,
    shapes: string,
    params: Params,
    views: Sizes,
    constants: Constants | undefined,
  ): void {
    const key = `${kernel.name} ${shapes}`;
    if (!this.#met || this.#met.has(key)) return;
    const exchangeable = candidates(this.#variantsOf(kernel), untuned, params, views).filter(
      (variant) => !this.#excluded.has(variant),
    );
    if (exchangeable.length < 2) return;
    const bytes: Record<string, number> = {};
    for (const name in views) if (views[name]) bytes[name] = views[name].bytes;
    this.#met.set(key, { kernel, shapes, params, constants, bytes, candidates: exchangeable });
  }

  /** From now on notes calls for whose shape class nothing is known, for `device.tune()` to measure. */
  record(): void {
    this.#met ??= new Map();
  }

  /** Notes a call as if it had been run, whatever is known of its shape class already. */
  meet(kernel: AnyKernel, params: Params, views: Sizes, constants: Constants | undefined): void {
    const untuned = this.#untuned(kernel, params, views);
    if (!untuned) return;
    this.record();
    this.#meet(kernel, untuned, shapeClass(kernel, untuned.name, params), params, views, constants);
  }

  /** What was noted and not taken yet. */
  take(): Encounter[] {
    const met = [...(this.#met?.values() ?? [])];
    this.#met?.clear();
    return met;
  }

  /** Takes `variant` for the encounter's shape class from now on. */
  learn({ kernel, shapes, candidates }: Encounter, choice: TunedChoice): void {
    const variant = candidates.find(({ name }) => name === choice.variant) as AnyVariant;
    const choices = this.#choices.get(kernel) ?? this.#load(kernel);
    this.#choices.set(kernel, choices.set(shapes, variant));
    const version = kernelVersion(kernel);
    const measured = this.#measured.get(kernel.name) ?? { version, choices: new Map() };
    this.#measured.set(kernel.name, measured);
    measured.choices.set(shapes, choice);
  }

  /** Variants excluded so far: plans made before another one was are made anew. */
  get exclusions(): number {
    return this.#excluded.size;
  }

  /** Never picks the variant again on this device, where another of its order applies. */
  exclude(kernel: AnyKernel, variant: AnyVariant, reason: string): void {
    const others = this.#variantsOf(kernel).filter(({ order }) => order === variant.order);
    if (others.length === 1 || this.#excluded.has(variant)) return;
    this.#excluded.add(variant);
    warn(
      `${kernel.name}/${variant.name} does not compile on ${this.#adapter.name} and is excluded; where another variant of ` +
        `order "${variant.order}" applies, that is taken. ${reason}`,
    );
  }

  /** Choices that stand in the tables for a kernel, checked; what cannot be trusted is reported and left out. */
  #load(kernel: AnyKernel): Map<string, AnyVariant> {
    const choices = new Map<string, AnyVariant>();
    for (const table of [this.#shipped, this.#own]) {
      const entry = table && Object.hasOwn(table.kernels, kernel.name) ? table.kernels[kernel.name] : undefined;
      if (!entry) continue;
      const report = (problem: string) => {
        // A shipped table that lags behind a kernel is nothing that a user could mend.
        if (table !== this.#own) return;
        const place = store?.place(this.#adapter) ?? "given";
        warn(`tuning table: ${place}: ${kernel.name}: ${problem}. It is ignored; \`npx facet tune\` measures again`);
      };
      if (entry.version !== kernelVersion(kernel)) {
        report(`measured with version ${entry.version} of the kernel, this is ${kernelVersion(kernel)}`);
        continue;
      }
      for (const [shapes, choice] of Object.entries(entry.choices)) {
        const named = (name: string | undefined) => this.#variantsOf(kernel).find((variant) => variant.name === name);
        const [untuned, chosen] = [named(shapes.split(" ")[0]), named(choice.variant)];
        if (!untuned || !chosen) report(`no variant ${untuned ? choice.variant : shapes.split(" ")[0]}`);
        else if (untuned.order !== chosen.order)
          report(`${chosen.name} adds in order "${chosen.order}", where ${untuned.name} adds in "${untuned.order}"`);
        else choices.set(shapes, chosen);
      }
    }
    return choices;
  }

  /** Everything known of this adapter from measurement: what was stored, and over it what was measured since. */
  table(): TuningTable {
    const kernels: Record<string, TunedKernel> = { ...this.#own?.kernels };
    for (const [name, { version, choices }] of this.#measured) {
      const before = kernels[name]?.version === version ? kernels[name].choices : {};
      kernels[name] = { version, choices: { ...before, ...Object.fromEntries(choices) } };
    }
    const { name, driver } = this.#adapter;
    return { format: FORMAT, adapter: name, driver, date: new Date().toISOString().slice(0, 10), kernels };
  }

  /** Keeps the table for later runs; returns where, or undefined where nothing can be kept. */
  save(): string | undefined {
    try {
      store?.save(this.#adapter, formatTable(this.table()));
      return store?.place(this.#adapter);
    } catch (error) {
      warn(`the tuning table could not be written to ${store?.place(this.#adapter)}: ${error}`);
      return undefined;
    }
  }
}

/** Variants that may be exchanged for `untuned`, itself first: those of its order that apply. */
function candidates(variants: readonly AnyVariant[], untuned: AnyVariant, params: Params, views: Sizes): AnyVariant[] {
  const others = variants.filter(
    (variant) => variant !== untuned && variant.order === untuned.order && applies(variant, params, views),
  );
  return [untuned, ...others];
}
