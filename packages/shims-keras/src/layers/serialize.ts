// keras.layers.serialize and deserialize.
import { any, define, instance, mapping } from "@facet/dialect";
import { Layer } from "./layer.js";
import { layerOfConfig, serializedLayer } from "./serialization.js";

const objects = mapping<Record<string, unknown>>();

/** A layer as a dictionary of its class and configuration. */
export const serialize: (layer: Layer) => Record<string, unknown> = define(
  "keras.layers.serialize",
  { layer: instance(() => Layer, "a layer") },
  ({ layer }) => serializedLayer(layer),
);

/** A layer of what `serialize` gave; `custom_objects` has classes of the program's own by name. */
export const deserialize: (
  config: Readonly<Record<string, unknown>>,
  options?: { custom_objects?: Readonly<Record<string, unknown>> | null },
) => Layer = define(
  "keras.layers.deserialize",
  { config: objects.either(any), custom_objects: objects.or(null) },
  ({ config, custom_objects }) => layerOfConfig("deserialize", config, custom_objects),
);
