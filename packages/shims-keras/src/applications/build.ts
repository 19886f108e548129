// What the models of keras.applications share: their arguments, the shape of their input, their end.
import "../start.js";
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { any, bool, instance, int, listOf, oneOf, show } from "@facet/dialect";
import { image_data_format } from "../backend.js";
import { nameKind, positive } from "../kinds.js";
import { inputOf } from "../layers/core.js";
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from "../layers/pooling.js";
import { Model } from "../models/model.js";
import { KerasTensor, type Node, type Shape } from "../tensor.js";

/** What every model takes, by name. */
export interface ApplicationArguments {
  include_top: boolean;
  /** Only null: trained weights are not there. The original's default is "imagenet", so it must be given. */
  weights: null;
  input_tensor: KerasTensor | null;
  input_shape: Shape | null;
  pooling: "avg" | "max" | null;
  classes: number;
  classifier_activation: unknown;
  name: string | null;
}

const top = { include_top: bool.or(true) };
const rest = {
  weights: any.or("imagenet"),
  input_tensor: instance(() => KerasTensor, "a placeholder, as keras.Input makes").or(null),
};
const shape = { input_shape: listOf(int.orNone).or(null) };
const end = {
  pooling: oneOf("avg", "max").or(null),
  classes: positive.or(1000),
  classifier_activation: any.or("softmax"),
};

/** Parameters of a model called `name`. */
export const parametersOf = (name: string) => ({ ...top, ...rest, ...shape, ...end, name: nameKind.or(name) });
/** Those of models that take their shape first, and what their width is beside it. */
export const parametersAfter = <P extends object>(width: P) =>
  ({ ...shape, ...width, ...top, ...rest, ...end, name: nameKind.or(null) }) as typeof shape &
    P &
    ReturnType<typeof parametersOf>;

/** Number of the dimension of channels. */
export const channelAxis = (): number => (image_data_format() === "channels_last" ? 3 : 1);

function inputShape(op: string, given: Pick<ApplicationArguments, "include_top" | "input_shape">): Shape {
  const last = image_data_format() === "channels_last";
  const withChannels = (sides: Shape, channels: number | null): Shape =>
    last ? [...sides, channels] : [channels, ...sides];
  const { input_shape, include_top } = given;
  if (input_shape === null) return withChannels(include_top ? [SIZE, SIZE] : [null, null], 3);
  const sides = last ? input_shape.slice(0, 2) : input_shape.slice(1);
  const refuse = (expected: string): never => {
    throw new ArgumentError({ op, argument: "input_shape", expected, given: show(input_shape) });
  };
  if (input_shape.length !== 3) return refuse("three integers");
  if (sides.some((side) => side !== null && side < LEAST)) return refuse(`images of at least ${LEAST} x ${LEAST}`);
  if (include_top && sides.includes(null)) return refuse("known extents, as include_top is true");
  return input_shape;
}

/** Extent of the images of ImageNet, and the least that is left of after five halvings. */
const [SIZE, LEAST] = [224, 32];

/** The inputs that a placeholder is computed from. */
function sourcesOf(placeholder: KerasTensor): KerasTensor[] {
  const seen = new Set<Node>();
  const found: KerasTensor[] = [];
  const visit = ({ history }: KerasTensor): void => {
    if (!history || seen.has(history)) return;
    seen.add(history);
    if (history.inputs.length === 0) found.push(...history.outputs);
    for (const input of history.inputs) visit(input);
  };
  visit(placeholder);
  return found;
}

interface Parts {
  /** From images to features. */
  readonly features: (x: KerasTensor) => KerasTensor;
  /** From features to classes. */
  readonly head: (x: KerasTensor) => KerasTensor;
  /** Whether layers that pool are called avg_pool and max_pool. */
  readonly named?: boolean;
  /** The model's name, once the shape of its images is known. */
  readonly name: (shape: Shape) => string;
}

/** The model: refused where weights are asked for. */
export function build(op: string, given: ApplicationArguments, { features, head, named, name }: Parts): Model {
  if ((given.weights as unknown) !== null) {
    const expected = "weights: null (random initial weights): trained ones would have to be downloaded";
    throw new UnsupportedError({ op, argument: "weights", expected, given: show(given.weights) });
  }
  const shape = inputShape(op, given);
  const images = given.input_tensor ?? input({ shape });
  let x = features(images);
  const called = (name: string): { name?: string } => (named ? { name } : {});
  if (given.include_top) x = head(x);
  else if (given.pooling === "avg") x = GlobalAveragePooling2D(called("avg_pool"))(x);
  else if (given.pooling === "max") x = GlobalMaxPooling2D(called("max_pool"))(x);
  const inputs = given.input_tensor ? sourcesOf(given.input_tensor) : [images];
  return Model({ inputs: inputs.length === 1 ? (inputs[0] as KerasTensor) : inputs, outputs: x, name: name(shape) });
}

const input = inputOf("keras.Input");
