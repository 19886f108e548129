// keras.losses: per-sample losses, and classes that reduce them.
import "../start.js";
import { ArgumentError } from "@facet/autograd";
import { any, define } from "@facet/dialect";
import { snakeCase } from "../config.js";
import { showUnknown } from "../kinds.js";
import { type LossName, TABLE } from "./classes.js";
import { Loss, type LossFunction, LossWrapper } from "./loss.js";

export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type LossName,
  MeanAbsoluteError,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
} from "./classes.js";
export {
  binary_crossentropy,
  categorical_crossentropy,
  mean_absolute_error,
  mean_squared_error,
  sparse_categorical_crossentropy,
} from "./functions.js";
export { Loss, type LossArguments, type LossFunction, type Reduction } from "./loss.js";
export * from "./table.js";

export type LossArgument = LossName | Loss | LossFunction;

/** The loss of a name (a class's too), an object, a class, or a per-sample function. */
export const get: (identifier: LossArgument | null) => Loss | null = define(
  "keras.losses.get",
  { identifier: any },
  ({ identifier }) => (identifier === null ? null : resolve(identifier)),
);

/** What `get` gives, for callers that have read their arguments. */
export function resolve(identifier: unknown, op = "losses.get", argument = "identifier"): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "function" && identifier.prototype instanceof Loss)
    return new (identifier as new () => Loss)();
  if (typeof identifier === "function")
    return new LossWrapper(identifier as LossFunction, {
      name: identifier.name || "loss",
      reduction: "sum_over_batch_size",
    });
  if (typeof identifier === "string") {
    const name = snakeCase(identifier);
    if (Object.hasOwn(TABLE, name)) return new TABLE[name as LossName]();
  }
  const expected = `a loss, a function or one of ${Object.keys(TABLE).join(", ")}`;
  const given = showUnknown(identifier, Object.keys(TABLE));
  throw new ArgumentError({ op, argument, expected, given });
}
