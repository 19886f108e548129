// Configurations of layers: what get_config gives, and objects of it.
import { ArgumentError } from "@facet/autograd";
import { isKeywords, show } from "@facet/dialect";
import { serialize as activationName } from "../activations.js";
import type { Layer } from "./layer.js";

/** The dtype policy that all layers have. */
export const FLOAT32_POLICY = Object.freeze({
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
});

/** Whether a configuration's dtype is float32, by name or as a policy. */
export const isFloat32 = (dtype: unknown): boolean =>
  dtype === "float32" || (isKeywords(dtype) && isKeywords(dtype.config) && dtype.config.name === "float32");

type Configured = object & { get_config(): Record<string, unknown> };
const isConfigured = (value: unknown): value is Configured =>
  (typeof value === "object" || typeof value === "function") && value !== null && "get_config" in value;

interface LayerClass {
  from_config(config: Readonly<Record<string, unknown>>): Layer;
}
/** Classes by name: those that the program carries. */
const classes = new Map<string, LayerClass>();
export const registerLayer = (name: string, target: unknown): void => {
  classes.set(name, target as LayerClass);
};

/** A layer as the original's dictionary. */
export function serializedLayer(layer: Layer): Record<string, unknown> {
  return { module: "keras.layers", class_name: layer.className, config: layer.get_config(), registered_name: null };
}

/** A value of a configuration: objects by class and configuration, functions by name. */
export function serialized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(serialized);
  if (isConfigured(value)) {
    if ("ensureBuilt" in value) return serializedLayer(value as unknown as Layer);
    const { className, module } = value as unknown as { className?: string; module?: string };
    const class_name = className ?? (value.constructor as { className?: string }).className ?? value.constructor.name;
    return { module: module ?? "keras.initializers", class_name, config: value.get_config(), registered_name: null };
  }
  if (typeof value === "function") return activationName(value as never);
  if (value !== null && typeof value === "object" && "key" in value) return null;
  return value;
}

const isSerialized = (value: unknown): value is { class_name: string; config: Record<string, unknown> } =>
  isKeywords(value) && typeof value.class_name === "string" && isKeywords(value.config);

/** A layer of what serialize gave. Throws ArgumentError for a class that is not here. */
export function layerOfConfig(
  op: string,
  config: unknown,
  custom: Readonly<Record<string, unknown>> | null = null,
): Layer {
  const name = isSerialized(config) ? config.class_name : undefined;
  const found = name === undefined ? undefined : ((custom?.[name] as LayerClass | undefined) ?? classes.get(name));
  if (found && isSerialized(config)) return found.from_config(config.config);
  const expected = "a dictionary of a layer that is here, with class_name and config";
  throw new ArgumentError({ op, argument: "config", expected, given: name ?? show(config) });
}

/** A configuration with layers in the place of their dictionaries. Other objects are read by the arguments they are for. */
export function deserialized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deserialized);
  if (isSerialized(value) && (value as { module?: string }).module === "keras.layers")
    return layerOfConfig("from_config", value);
  if (!isKeywords(value) || isSerialized(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deserialized(each)]));
}
