// What every layer takes: when it is made, and when it is called.
import { Kind, only, type Reader, type Rules, signature } from "@facet/dialect";
import type { ActivationArgument } from "../activations.js";
import type { InitializerArgument } from "../initializers.js";
import { array, nameKind, positive, shape as shapeKind, trainingKind } from "../kinds.js";
import { KerasTensor, type Shape, type TensorLike } from "../tensor.js";

/** Keywords every layer takes. */
export interface LayerKeywords {
  name: string | null;
  trainable: boolean;
  /** The old way to say a model's input: on its first layer, without the batch. */
  input_shape: Shape | null;
}

/** Arguments that name penalties on weights or results, and what weights are held to: none is there yet. */
export const regularizer = only(null);
export const constraint = only(null);
/** A function of elements, by name or itself. */
export const activationKind = new Kind<ActivationArgument | null>("an activation or its name", () => true);
/** First values of weights, by name, class or object. */
export const initializer = new Kind<InitializerArgument | null>("an initializer or its name", () => true);

/** What every layer takes by keyword, beside activity_regularizer; dtypes are float32. */
const common = {
  trainable: true,
  dtype: only(null, "float32"),
  autocast: only(true, false),
  name: nameKind.or(null),
  input_shape: shapeKind.or(null),
  input_dim: positive.or(null),
  batch_size: positive.or(null),
} as const;
/** The same, behind the mark of keywords. */
export const keywordRules = { "*": null, ...common } as const;
/** What a layer takes after its own arguments that has activity_regularizer among its keywords only. */
export const layerRules = { "*": null, activity_regularizer: regularizer, ...common } as const;

export interface LayerGiven {
  readonly name: string | null;
  readonly trainable: boolean;
  readonly input_shape?: Shape | null;
  readonly input_dim?: number | null;
  readonly batch_size?: number | null;
}

/** The part of what a layer's constructor read that is every layer's. */
export const layerPart = ({
  name,
  trainable,
  input_shape,
  input_dim,
  batch_size,
}: LayerGiven): Partial<LayerKeywords> & { input_dim?: number | null } =>
  ({ name, trainable, input_shape, input_dim, batch_size }) as Partial<LayerKeywords> & { input_dim?: number | null };

export interface CallContext {
  /** Whether the layer behaves as in training: dropout drops. */
  readonly training: boolean;
  /** Whatever else the layer was called with by keyword. */
  readonly [keyword: string]: unknown;
}

export type LayerInput<T> = T | readonly T[];

/** What a layer may be called with in the place of its inputs; lists are looked through. */
export const inputsKind = new Kind<LayerInput<TensorLike | KerasTensor>>(
  "an array, a placeholder, or a list of them",
  (value) => array.accepts(value) || value instanceof KerasTensor,
);

export type CallValues = { inputs: unknown; training: boolean | null } & Record<string, unknown>;
const trainingRule = { training: trainingKind.or(null) } as const;

/**
 * The reader of a layer's calls; `more` are arguments beside the inputs, which `first` names. Every layer takes `training`, by
 * keyword at least.
 */
export function callSignature(className: string, more: Rules = {}, first = "inputs"): Reader<CallValues> {
  const training = "training" in more ? {} : { "*": null, ...trainingRule };
  const rules: Rules = { [first]: inputsKind, ...more, ...training };
  return signature(`keras.layers.${className}.__call__`, rules) as Reader<CallValues>;
}
/** Of layers whose `call` has it among its own arguments, by position too. */
export const withTraining: Rules = trainingRule;
