// What a reader of a program must have understood, each with the evidence that a program asks it of its reader.
import ts from "typescript-scanner";
import type { ApiNames } from "./names.js";
import type { ParsedProgram } from "./program.js";

export interface Concept {
  name: string;
  /** Why a reader must know it. */
  why: string;
  found: (program: Evidence) => boolean;
}

export interface Evidence extends ApiNames {
  program: ParsedProgram;
}

/** A path that matches. */
const path =
  (pattern: RegExp) =>
  ({ paths }: Evidence): boolean =>
    [...paths].some((name) => pattern.test(name));
const member =
  (...names: string[]) =>
  ({ members }: Evidence): boolean =>
    names.some((name) => members.has(name));
const option =
  (...names: string[]) =>
  ({ options }: Evidence): boolean =>
    names.some((name) => options.has(name));
/** A node of the program's own for which `holds`. */
const syntax =
  (holds: (node: ts.Node) => boolean) =>
  ({ program }: Evidence): boolean =>
    contains(program.file, (node) => !program.isHarness(node) && holds(node));
const either =
  (...kinds: Concept["found"][]): Concept["found"] =>
  (evidence) =>
    kinds.some((found) => found(evidence));

function contains(node: ts.Node, holds: (node: ts.Node) => boolean): boolean {
  return holds(node) || (ts.forEachChild(node, (child) => contains(child, holds)) ?? false);
}
const mentions = (node: ts.Node, name: RegExp): boolean =>
  contains(node, (inner) => ts.isIdentifier(inner) && name.test(inner.text));

const isEpochs = (node: ts.Node): boolean =>
  ts.isForStatement(node) && node.condition !== undefined && mentions(node.condition, /^epochs$/);
const isCallOf = (node: ts.Node, name: RegExp): node is ts.CallExpression =>
  ts.isCallExpression(node) && name.test(node.expression.getText());

export const concepts: readonly Concept[] = [
  // The network.
  {
    name: "layers",
    why: "parts that own their weights",
    found: path(/^keras\.layers\.|^torch\.nn\.[A-Z]\w*(Linear|2d)$|\.stax\.Dense$/),
  },
  { name: "list of layers", why: "the order of the list is the network", found: path(/\.(Sequential|serial)$/) },
  { name: "layers called on tensors", why: "calling records a graph, and computes nothing", found: option("inputs") },
  {
    name: "module class",
    why: "parts are found as attributes; forward is called by calling the module",
    found: path(/^torch\.nn\.Module$/),
  },
  {
    name: "network as a function of its weights",
    why: "the same code is run with whatever weights it is given",
    found: path(/^facet\.matmul$|\.stax\.serial$/),
  },
  {
    name: "input shape told",
    why: "weights are made when the shape of an image is known",
    found: either(path(/^keras\.Input$/), path(/\.stax\.serial$/)),
  },
  {
    name: "extents worked out by hand",
    why: "what convolutions and pooling leave of an image decides the size of the dense layer",
    found: syntax(
      (node) =>
        ts.isBinaryExpression(node) &&
        node.operatorToken.kind === ts.SyntaxKind.AsteriskToken &&
        contains(node, (inner) => ts.isCallExpression(inner) && mentions(inner, /^height$/)),
    ),
  },
  {
    name: "initialisers",
    why: "what weights begin with is chosen for each",
    found: path(/glorotUniform$|initializers?\./),
  },
  {
    name: "memory layout",
    why: "which axis is the channels is told to each op",
    found: option("layout", "data_format"),
  },
  // Randomness and modes.
  {
    name: "global seed",
    why: "everything drawn later follows from one call",
    found: path(/\.(set_random_seed|manual_seed)$/),
  },
  {
    name: "random keys",
    why: "a draw is a function of a key, and a key is used once",
    found: path(/\.(PRNGKey|key|keyFromSeed)$/),
  },
  {
    name: "training and test mode",
    why: "dropout acts in one of them, and somebody must say which it is",
    found: either(
      member("eval"),
      syntax((node) => isCallOf(node, /^stax\.Dropout$/) && node.arguments.length > 1),
      syntax((node) => ts.isIfStatement(node) && mentions(node.thenStatement, /^dropout$/)),
    ),
  },
  // The data.
  {
    name: "data set and transform",
    why: "a sample goes through functions when it is fetched",
    found: path(/\.transforms\./),
  },
  { name: "data loader", why: "an iterator cuts and shuffles", found: path(/\.DataLoader$/) },
  {
    name: "batches cut by hand",
    why: "the program takes the rows of a batch",
    found: either(
      member("take"),
      path(/^facet\.gather$/),
      syntax((node) => isCallOf(node, /\.subarray$/)),
    ),
  },
  {
    name: "order drawn by hand",
    why: "shuffling is a permutation that the program applies",
    found: path(/\.permutation$/),
  },
  {
    name: "images scaled by hand",
    why: "bytes must become numbers that a network learns from",
    found: either(
      syntax((node) => isCallOf(node, /\.div$/) && node.arguments[0]?.getText() === "255"),
      path(/^facet\.u8ToF32$/),
    ),
  },
  {
    name: "dtypes converted",
    why: "an op takes one dtype, and the program brings it there",
    found: either(member("astype", "float", "long"), path(/^facet\.cast$/)),
  },
  {
    name: "one-hot labels",
    why: "the loss takes a distribution, not a number",
    found: path(/\.(to_categorical|one_hot)$/),
  },
  // Loss and gradients.
  {
    name: "loss of probabilities",
    why: "the network ends in a softmax, which the loss must not repeat",
    found: either(
      syntax((node) => ts.isStringLiteral(node) && /categorical_crossentropy$/.test(node.text)),
      path(/\.numpy\.log$/),
    ),
  },
  {
    name: "loss of logits",
    why: "the network ends without a softmax, which is part of the loss",
    found: path(/\.(CrossEntropyLoss|softmax_cross_entropy\w*|softmaxCrossEntropy)$/),
  },
  { name: "loss written out", why: "logarithm, sum and mean are the program's own", found: path(/\.numpy\.log$/) },
  {
    name: "names as strings",
    why: "what is meant is looked up by its name",
    found: syntax(
      (node) =>
        ts.isPropertyAssignment(node) &&
        /^(loss|optimizer)$/.test(node.name.getText()) &&
        ts.isStringLiteral(node.initializer),
    ),
  },
  {
    name: "backward from a loss",
    why: "tensors remember how they were made, and keep their gradients",
    found: member("backward"),
  },
  { name: "gradients set to zero", why: "they add up until somebody clears them", found: member("zero_grad") },
  {
    name: "gradient of a function",
    why: "a function is turned into one that gives its gradient",
    found: path(/\.(value_and_grad|grad)$/),
  },
  {
    name: "gradients by weights asked for",
    why: "a tape is asked for the gradients of these values",
    found: path(/^facet\.gradients$/),
  },
  {
    name: "no gradients wanted",
    why: "a tape costs memory where nothing is learned",
    found: path(/\.(no_grad|noGrad)$/),
  },
  // Training.
  { name: "compile, then fit", why: "one call trains; what happens in it is told by options", found: member("fit") },
  {
    name: "loop over epochs by hand",
    why: "the program says what a step is, and when it ends",
    found: syntax(isEpochs),
  },
  { name: "optimiser object", why: "it holds the weights and changes them in place", found: member("step") },
  {
    name: "optimiser as functions",
    why: "state goes in and comes out, and must be passed on",
    found: path(/\.optimizers\.adam$/),
  },
  { name: "trees of arrays", why: "weights and gradients are nested lists of one form", found: path(/\.tree_util\./) },
  {
    name: "compiled functions",
    why: "a function is traced once, so what it does besides happens once",
    found: path(/\.(jit|compile)$/),
  },
  {
    name: "held-out images",
    why: "a part of the training images is never trained on",
    found: option("validation_split", "validation_data"),
  },
  // Results and the device.
  {
    name: "accuracy worked out by hand",
    why: "predictions are compared and counted by the program",
    found: either(member("argmax"), path(/\.argmax$/)),
  },
  { name: "values read back", why: "a number is on the device until it is asked for", found: member("item") },
  { name: "scopes of memory", why: "what is made in one is freed at its end", found: path(/^facet\.scope$/) },
  { name: "starting the device", why: "nothing computes before it is there", found: path(/^facet\.startDevice$/) },
];
