// How a layer of Keras' own is written: a base class made of its signature, which subclasses give `build` and `call`.
import { type Args, type Reader, type Rules, signature, type Values } from "@facet/dialect";
import { type ActivationFunction, resolve as resolveActivation } from "../activations.js";
import { type WithoutNew, withoutNew } from "../callable.js";
import { type DataFormat, dataFormat } from "../config.js";
import { type Initializer, type InitializerArgument, resolve as resolveInitializer } from "../initializers.js";
import type { Shape, TensorDtype } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import {
  type CallValues,
  callSignature,
  type LayerGiven,
  type LayerKeywords,
  layerPart,
  layerRules,
} from "./arguments.js";
import { expectShape } from "./inputs.js";
import { Layer } from "./layer.js";
import { registerLayer, serialized } from "./serialization.js";

/** What every layer's signature ends with, and no attribute or entry of a configuration of its own. */
const COMMON = new Set(["*", "name", "trainable", "dtype", "autocast", "weights", "vocabulary_size"]);
type Common = "name" | "trainable" | "dtype" | "autocast" | "weights" | "vocabulary_size";

/** A layer's own arguments, which are its attributes; those that `normal` returns in the form that it gives. */
export type Attributes<R, N> = {
  [K in Exclude<keyof Values<R>, keyof N | Common>]: Attribute<K, Values<R>[K]>;
} & N;
/** What is resolved of what was given: see `resolved`. */
type Attribute<K, V> = K extends `${string}_initializer`
  ? Initializer
  : K extends "activation" | "recurrent_activation"
    ? ActivationFunction
    : K extends "data_format"
      ? DataFormat
      : V;

/** An argument as an attribute: initializers, activations and formats of data are what their names stand for. */
function resolved(op: string, key: string, value: unknown): unknown {
  if (key.endsWith("_initializer")) return resolveInitializer(value, op, key);
  if (key === "activation" || key === "recurrent_activation") return resolveActivation(value, op);
  return key === "data_format" ? dataFormat(value as DataFormat | null) : value;
}

/** What layers of Keras' own have beside Layer. */
export abstract class BuiltInLayer extends Layer {
  /**
   * Makes a weight as the arguments of a role say: `kernel` by kernel_initializer, kernel_regularizer, kernel_constraint. Its name
   * is the role's unless another is given.
   */
  protected weightOf(
    role: string,
    shape: readonly number[],
    { name = role, trainable = true }: { name?: string; trainable?: boolean } = {},
  ): VariableBase {
    const given = this as unknown as Record<string, unknown>;
    return this.add_weight({
      shape,
      initializer: given[`${role}_initializer`] as InitializerArgument,
      regularizer: given[`${role}_regularizer`] ?? null,
      constraint: given[`${role}_constraint`] ?? null,
      trainable,
      name,
    } as never);
  }
}

type Positions<R, O extends readonly (keyof Values<R>)[]> = { [I in keyof O]: Values<R>[O[I]] };
/** The class that layerOf makes. */
export interface LayerClass<R, O extends readonly (keyof Values<R>)[], N> {
  new (...args: Args<Positions<R, O>, Omit<Values<R>, Common> & LayerKeywords>): BuiltInLayer & Attributes<R, N>;
  readonly className: string;
  readonly callReader: Reader<CallValues> | undefined;
  readonly prototype: BuiltInLayer & Attributes<R, N>;
}

export interface LayerOptions<R, N> {
  /** Checks the arguments together, and gives some of them another form. */
  readonly normal?: (given: Values<R>, op: string) => N;
  /** What a call takes beside the inputs; `training` by position only where it is among them. */
  readonly call?: Rules;
  /** The name of a call's first argument. Default "inputs". */
  readonly first?: string;
  /** Whether the result has the input's shape. Default: found by running `call`, unless the class says otherwise. */
  readonly sameShape?: boolean;
  /** Whether the result has the input's dtype: the layer only moves elements. Default false: float32. */
  readonly keepsDtype?: boolean;
  /** Whether the layer takes nothing beside its own arguments, as some of Keras' do. Default false. */
  readonly closed?: boolean;
  /** Whether a call that nobody says it of, and that stands in no other, is one of training. Default false. */
  readonly trains?: boolean;
  /** Arguments that its configuration does not name, as the original's does not. */
  readonly unsaved?: readonly string[];
  /** Whether a mask passes the layer. Default false: it ends there. */
  readonly masks?: boolean;
}

/**
 * The base of a layer. `rules` are its arguments in the original's order, without what every layer takes; "*" stands where only
 * keywords follow (default: at the end). `order` names those whose types a program sees by position.
 */
export function layerOf<
  const R extends Rules,
  const O extends readonly (keyof Values<R>)[],
  N extends object = Record<never, never>,
>(className: string, rules: R, _order: O, options: LayerOptions<R, N> = {}): LayerClass<R, O, N> {
  const { normal, call = {}, first, sameShape = false, keepsDtype = false, masks = false } = options;
  const { closed = false, trains = false, unsaved = [] } = options;
  const further = Object.entries(layerRules).filter(([key]) => !(key in rules) && (!closed || key === "input_shape"));
  const all = { ...rules, ...Object.fromEntries(further) };
  const read = signature(`keras.layers.${className}`, all);
  const own = Object.keys(rules).filter((key) => !COMMON.has(key));
  const saved = own.filter((key) => !unsaved.includes(key));
  class Made extends BuiltInLayer {
    static override readonly className: string = className;
    static override readonly callReader = callSignature(className, call, first);

    constructor(...args: readonly unknown[]) {
      const given = read(args) as Record<string, unknown>;
      const part = layerPart(given as unknown as LayerGiven);
      // Where a layer has an input_dim of its own it says nothing of the shape of the model's input.
      super("input_dim" in rules ? { ...part, input_dim: null } : part);
      if (masks) this.supports_masking = true;
      const ready = normal?.(given as Values<R>, className) as Record<string, unknown> | undefined;
      const attributes = this as unknown as Record<string, unknown>;
      for (const key of own)
        attributes[key] = ready && key in ready ? ready[key] : resolved(className, key, given[key]);
      for (const key of Object.keys(ready ?? {})) if (!(key in given)) attributes[key] = ready?.[key];
    }

    protected override get trainingByDefault(): boolean {
      return trains;
    }

    protected override configuration(): Record<string, unknown> {
      const attributes = this as unknown as Record<string, unknown>;
      const config = Object.fromEntries(saved.map((key) => [key, serialized(attributes[key])]));
      return closed ? { ...config, trainable: undefined } : config;
    }

    protected override outputDtype(input: TensorDtype): TensorDtype {
      return keepsDtype ? input : "float32";
    }
  }
  if (sameShape)
    Made.prototype.compute_output_shape = function (this: Layer, inputShape: Shape): Shape {
      expectShape(this.className, inputShape);
      return inputShape;
    };
  return Made as unknown as LayerClass<R, O, N>;
}

/** A class of layerOf's under its public name, which may be called without `new` and is found by configurations. */
// biome-ignore lint/suspicious/noExplicitAny: a class of any constructor.
export function layerClass<C extends (abstract new (...args: any[]) => any) & { readonly className: string }>(
  target: C,
): WithoutNew<C> {
  // Of its own, since a class of the program's that extends it has another.
  Object.defineProperty(target, "className", { value: target.className });
  const made = withoutNew(target);
  registerLayer(target.className, made);
  return made;
}
