// Sums of products and quotients in one pass.
import type { Tensor } from "../tensor.js";
import { div, mul, sub } from "./elementwise.js";
import { ternary, toward, type UnaryAttrs } from "./elementwise_op.js";
import { neg } from "./elementwise_unary.js";

type Scaled = Pick<UnaryAttrs, "s0">;

/** a + weight (b - a), computed from the nearer end; all three broadcast. */
export const lerp: (a: Tensor, b: Tensor, weight: Tensor) => Tensor = ternary("lerp", {
  a: toward("a", ["c"], (dy, { c }) => mul(dy, sub(1, c))),
  b: toward("b", ["c"], (dy, { c }) => mul(dy, c)),
  c: toward("c", ["a", "b"], (dy, { a, b }) => mul(dy, sub(b, a))),
});
const addcmulOp = ternary("addcmul", {
  a: toward("a", [], (dy) => dy),
  b: toward("b", ["c"], (dy, { c }, { s0 }: Scaled) => mul(mul(dy, s0), c)),
  c: toward("c", ["b"], (dy, { b }, { s0 }: Scaled) => mul(mul(dy, s0), b)),
});
/** a + value b c; all three broadcast. */
export const addcmul = (a: Tensor, b: Tensor, c: Tensor, value = 1): Tensor => addcmulOp(a, b, c, value);
const addcdivOp = ternary("addcdiv", {
  a: toward("a", [], (dy) => dy),
  b: toward("b", ["c"], (dy, { c }, { s0 }: Scaled) => div(mul(dy, s0), c)),
  c: toward("c", ["b", "c"], (dy, { b, c }, { s0 }: Scaled) => neg(div(div(mul(mul(dy, s0), b), c), c))),
});
/** a + value b / c; all three broadcast. */
export const addcdiv = (a: Tensor, b: Tensor, c: Tensor, value = 1): Tensor => addcdivOp(a, b, c, value);
