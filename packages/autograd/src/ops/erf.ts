// The error function, alone: gelu needs it, and pages with gelu none of the other special functions.
import { vjp } from "../define_op.js";
import { mul } from "./elementwise.js";
import { ofOne } from "./elementwise_op.js";
import { neg, square } from "./elementwise_unary.js";
import { exp } from "./powers.js";

export const erf = ofOne(
  "erf",
  vjp(["x"], (dy, { x }) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))),
);
