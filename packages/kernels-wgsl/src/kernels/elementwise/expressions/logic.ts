// Comparisons, logic, tests of what a float is, and bits.
import {
  binary,
  comparison,
  domain,
  type Expression,
  edges,
  inf,
  logic,
  numbers,
  special,
  takes,
  ternary,
  unary,
} from "./row.js";

const words = (arity: number) => ({ ...takes(arity, "i32", "u32"), ...domain([-999, 999], [-999, 999]) });
const shifts = {
  ...words(2),
  ...edges([1, 31], [-5, 31], [7, 32], [-7, 33], [7, -1], [-7, -1], [-1, 0]),
  ...domain([-999, 999], [0, 32]),
};

export const logicAndBits = {
  // Comparisons and logic give u32 0 or 1. NaN is true, unequal to all and in no order.
  equal: binary("u32(a == b)", (a, b) => +(a === b), comparison),
  not_equal: binary("u32(!(a == b))", (a, b) => +(a !== b), comparison),
  less: binary("u32(a < b)", (a, b) => +(a < b), comparison),
  less_equal: binary("u32(a <= b)", (a, b) => +(a <= b), comparison),
  greater: binary("u32(a > b)", (a, b) => +(a > b), comparison),
  greater_equal: binary("u32(a >= b)", (a, b) => +(a >= b), comparison),
  logical_and: binary("u32(!(a == A(0)) && !(b == B(0)))", (a, b) => +(a !== 0 && b !== 0), logic),
  logical_or: binary("u32(!(a == A(0)) || !(b == B(0)))", (a, b) => +(a !== 0 || b !== 0), logic),
  logical_not: unary("u32(a == A(0))", (a) => +(a === 0), { ...numbers(1), ...special, result: "u32" }),
  /** b where a is not 0, else c. */
  where: ternary("select(c, b, a != 0u)", (a, b, c) => (a !== 0 ? b : c), {
    dtypes: [
      ["u32", "f32", "f32"],
      ["u32", "i32", "i32"],
      ["u32", "u32", "u32"],
    ],
    ...domain([0, 2], [-4, 4], [-4, 4]),
  }),

  logical_xor: binary("u32((a == A(0)) != (b == B(0)))", (a, b) => +((a === 0) !== (b === 0)), logic),

  // What a float is.
  is_inf: unary("u32((bitcast<u32>(a) & 0x7fffffffu) == 0x7f800000u)", (a) => +(Math.abs(a) === inf), {
    ...special,
    result: "u32",
  }),
  is_pos_inf: unary("u32(bitcast<u32>(a) == 0x7f800000u)", (a) => +(a === inf), { ...special, result: "u32" }),
  is_neg_inf: unary("u32(bitcast<u32>(a) == 0xff800000u)", (a) => +(a === -inf), { ...special, result: "u32" }),
  is_finite: unary("u32((bitcast<u32>(a) & 0x7f800000u) != 0x7f800000u)", (a) => +Number.isFinite(a), {
    ...special,
    result: "u32",
  }),

  // Bits. A shift by 32 and more, or by a negative number, moves all bits out.
  bitwise_and: binary("a & b", (a, b) => a & b, words(2)),
  bitwise_or: binary("a | b", (a, b) => a | b, words(2)),
  bitwise_xor: binary("a ^ b", (a, b) => a ^ b, words(2)),
  bitwise_not: unary("~a", (a) => ~a, { ...takes(1, "i32", "u32"), ...edges(0, 1, 2147483647) }),
  shift_left: binary("select(A(0), a << (u32(b) & 31u), u32(b) < 32u)", (a, b) => (b >>> 0 < 32 ? a << b : 0), shifts),
  /** Of i32 with the sign, of u32 with zeros. */
  shift_right: binary(
    "select(select(A(0), ~A(0), a < A(0)), a >> (u32(b) & 31u), u32(b) < 32u)",
    (a, b) => (b >>> 0 < 32 ? Math.floor(a / 2 ** b) : a < 0 ? -1 : 0),
    shifts,
  ),
  /** Zeros come in from above, of i32 too. */
  shift_right_logical: binary(
    "select(A(0), A(u32(a) >> (u32(b) & 31u)), u32(b) < 32u)",
    (a, b) => (b >>> 0 < 32 ? (a >>> 0) >>> b : 0),
    shifts,
  ),
} as const satisfies Record<string, Expression>;
