// keras.optimizers: the core's fused optimisers with Keras' defaults and arithmetic.
import "../start.js";
import { UnsupportedError } from "@facet/autograd";
import { any, define } from "@facet/dialect";
import { showUnknown } from "../kinds.js";
import { Adam, AdamW } from "./adam.js";
import { Optimizer } from "./optimizer.js";
import { Adadelta, Adagrad, Adamax, Ftrl, Lamb, Lion, Nadam, RMSprop, SGD } from "./table.js";

export { Adam, type AdamArguments, AdamW } from "./adam.js";
export { Optimizer, type OptimizerArguments } from "./optimizer.js";
export { Adadelta, Adagrad, Adamax, Ftrl, Lamb, Lion, Nadam, RMSprop, SGD } from "./table.js";

export type OptimizerName =
  | "adadelta"
  | "adagrad"
  | "adam"
  | "adamax"
  | "adamw"
  | "ftrl"
  | "lamb"
  | "lion"
  | "nadam"
  | "rmsprop"
  | "sgd";

const TABLE: Readonly<Record<OptimizerName, new () => Optimizer>> = {
  adadelta: Adadelta,
  adagrad: Adagrad,
  adam: Adam,
  adamax: Adamax,
  adamw: AdamW,
  ftrl: Ftrl,
  lamb: Lamb,
  lion: Lion,
  nadam: Nadam,
  rmsprop: RMSprop,
  sgd: SGD,
};

export type OptimizerArgument = OptimizerName | Optimizer;

/** The optimizer of a name (in any case), the object itself, or one of a class. */
export const get: (identifier: OptimizerArgument) => Optimizer = define(
  "keras.optimizers.get",
  { identifier: any },
  ({ identifier }) => resolve(identifier),
);

/** What `get` gives, for callers that have read their arguments. */
export function resolve(identifier: unknown, op = "optimizers.get", argument = "identifier"): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  if (typeof identifier === "function" && identifier.prototype instanceof Optimizer)
    return new (identifier as new () => Optimizer)();
  const name = typeof identifier === "string" ? identifier.toLowerCase() : "";
  if (Object.hasOwn(TABLE, name)) return new TABLE[name as OptimizerName]();
  const expected = `an optimizer or one of ${Object.keys(TABLE).join(", ")}`;
  const given = showUnknown(identifier, Object.keys(TABLE));
  throw new UnsupportedError({ op, argument, expected, given });
}
