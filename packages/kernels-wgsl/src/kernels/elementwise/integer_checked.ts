import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  FAT_LANES,
  type ParamValues,
  spread,
} from "../../kernel.js";
import { elementwiseGeometry } from "./elementwise.js";
import integerCheckedWgsl from "./integer_checked.wgsl";

const params = {
  count: "u32",
  tile: "u32",
  s0: "f32",
  s1: "f32",
  rank: "u32",
  axes: "array<vec4<u32>, 12>",
  fault_slot: "u32",
} as const;

export type IntegerCheckedParams = ParamValues<typeof params>;

const scalar = {
  order: "elementwise",
  workgroups: (p: IntegerCheckedParams) => spread(divideUp(p.count, p.tile)),
};

/** y = f(a, b) of integers, broadcast; a result that is none, as it does not fit in 32 bits, is reported. See integer_checked.wgsl. */
export const integerChecked = defineKernel({
  name: "integer_checked",
  wgsl: integerCheckedWgsl,
  software: FAT_LANES,
  bindings: {
    a: { access: "read", dtype: ["i32", "f32"] },
    b: { access: "read", dtype: ["i32", "f32"] },
    // The runtime binds its own.
    faults: { access: "read_write", dtype: "u32", optional: true },
    y: { access: "read_write", dtype: "i32" },
  },
  params,
  variants: [
    {
      ...scalar,
      name: "scalar",
      constants: { locate: "i * params.axes[0].yz" },
      applies: (p) => p.rank === 1,
    },
    { ...scalar, name: "broadcast_scalar" },
  ],
  cost: (p) => ({ flops: p.count, bytes: 12 * p.count }),
});

/** Dtypes of a and b, and the shader's function. */
const checks = {
  add: ["i32", "i32", "add(a, b)"],
  sub: ["i32", "i32", "sub(a, b)"],
  mul: ["i32", "i32", "mul(a, b)"],
  pow: ["i32", "i32", "power(a, b)"],
  floor_divide: ["i32", "i32", "floor_divide(a, b)"],
  trunc_divide: ["i32", "i32", "trunc_divide(a, b)"],
  fmod: ["i32", "i32", "modulo_trunc(a, b)"],
  remainder: ["i32", "i32", "modulo_floor(a, b)"],
  shift_left: ["i32", "i32", "shift_left(a, b)"],
  neg: ["i32", "i32", "neg(a)"],
  abs: ["i32", "i32", "absolute(a)"],
  from_f32: ["f32", "f32", "from_f32(a)"],
  unless_wrapped: ["i32", "f32", "unless_wrapped(a, b)"],
  bernoulli: ["f32", "f32", "bernoulli(a, b)"],
} as const satisfies Record<string, readonly [BindingDtype, BindingDtype, string]>;

export type IntegerCheck = keyof typeof checks;
export const integerChecks = Object.keys(checks) as readonly IntegerCheck[];

const constants = Object.fromEntries(
  Object.entries(checks).map(([name, [A, B, f]]) => [name, { A, B, f }]),
) as unknown as Record<IntegerCheck, Constants>;

/** What turns `integerChecked` into one function, for `RunOptions.constants`. The same name gives the same object. */
export const integerCheckedConstants = (name: IntegerCheck): Constants => constants[name];

/** As `elementwiseGeometry`, for two operands; `faultSlot` comes from `device.faults.slot`. */
export function integerCheckedGeometry(
  a: readonly number[],
  b: readonly number[],
  faultSlot: number,
  op: string,
): { shape: number[]; params: IntegerCheckedParams } {
  const { shape, params } = elementwiseGeometry([a, b], 0, 0, op);
  return { shape, params: { ...params, fault_slot: faultSlot } };
}
