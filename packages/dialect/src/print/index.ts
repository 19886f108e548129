// How arrays are printed, as the originals print them, and what refuses operators on them.

export { type Printable, shownValues } from "./array.js";
export { fixed, scientific } from "./decimal.js";
export { printable, read } from "./known.js";
export { array2string, arrayRepr, arrayText, LINE_WIDTH, pythonShape } from "./numpy.js";
export { type OperatorMethods, primitiveOf } from "./operators.js";
