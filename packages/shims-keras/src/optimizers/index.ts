// keras.optimizers: the core's fused optimisers with Keras' defaults and arithmetic.
import "../start.js";
import { UnsupportedError } from "@facet/autograd";
import { any, define, namespace } from "@facet/dialect";
import { showUnknown } from "../kinds.js";
import { Adam, AdamW } from "./adam.js";
import { Muon } from "./muon.js";
import { Optimizer } from "./optimizer.js";
import * as schedulesModule from "./schedules.js";
import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adamax,
  Ftrl,
  Lamb,
  Lion,
  Nadam,
  RMSprop,
  ScheduleFreeAdamW,
  SGD,
} from "./table.js";

export { Adam, type AdamArguments, AdamW } from "./adam.js";
export { Muon, type MuonArguments } from "./muon.js";
export { Optimizer, type OptimizerArguments } from "./optimizer.js";
export {
  Adadelta,
  Adafactor,
  Adagrad,
  Adamax,
  Ftrl,
  Lamb,
  Lion,
  Nadam,
  RMSprop,
  ScheduleFreeAdamW,
  SGD,
} from "./table.js";

/** Learning rates as functions of the step. */
export const schedules: Omit<typeof schedulesModule, "ScheduleBase"> = namespace(
  "keras.optimizers.schedules",
  Object.fromEntries(Object.entries(schedulesModule).filter(([name]) => name !== "ScheduleBase")),
) as never;

export type OptimizerName =
  | "adadelta"
  | "adafactor"
  | "adagrad"
  | "adam"
  | "adamax"
  | "adamw"
  | "ftrl"
  | "lamb"
  | "lion"
  | "muon"
  | "nadam"
  | "rmsprop"
  | "schedulefreeadamw"
  | "sgd";

const TABLE: Readonly<Record<OptimizerName, new () => Optimizer>> = {
  adadelta: Adadelta,
  adafactor: Adafactor,
  adagrad: Adagrad,
  adam: Adam,
  adamax: Adamax,
  adamw: AdamW,
  ftrl: Ftrl,
  lamb: Lamb,
  lion: Lion,
  muon: Muon,
  nadam: Nadam,
  rmsprop: RMSprop,
  schedulefreeadamw: ScheduleFreeAdamW,
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
