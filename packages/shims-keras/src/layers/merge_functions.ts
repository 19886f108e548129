// layers.add and its like.
import { mergeFunctions } from "./merge.js";

export const { add, subtract, multiply, average, maximum, minimum, concatenate, dot } = mergeFunctions;
