// What ops do with float16 and bfloat16. Most kernels read and write float32: their ops work on copies in it, and round the result.
import { type AnyKernel, type HalfStorage, inHalves, type PlanParams } from "@facet/kernels-wgsl";
import { arithmetic } from "./backward.js";
import { type Half, halfFormat, isFloating, isHalf } from "./dtype.js";
import { scope } from "./scope.js";
import { noGrad } from "./tape.js";
import { empty, Tensor } from "./tensor.js";

/** The dtype that results of an op on halves have: theirs, or float32 where its floats are of several dtypes. Undefined when there are no halves. */
export function dtypeOfHalves(inputs: Readonly<Record<string, Tensor | undefined>>): Half | "float32" | undefined {
  let common: Half | "float32" | undefined;
  let halves = false;
  for (const name in inputs) {
    const dtype = inputs[name]?.dtype;
    if (!dtype || !isFloating(dtype)) continue;
    if (isHalf(dtype)) halves = true;
    common = common === undefined || common === dtype ? dtype : "float32";
  }
  return halves ? common : undefined;
}

/** The tensor in float32, where it has halves; else the tensor itself. */
export const widened = (x: Tensor): Tensor => (isHalf(x.dtype) ? arithmetic.cast(x, "float32") : x);

/** All of them so. */
export function allWidened<T extends Readonly<Record<string, Tensor | undefined>>>(tensors: T): T {
  let halves = false;
  for (const name in tensors) halves ||= tensors[name] !== undefined && isHalf(tensors[name].dtype);
  if (!halves) return tensors;
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x && widened(x)])) as T;
}

const widenedWithin = (value: unknown): unknown => {
  if (value instanceof Tensor) return widened(value);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, part instanceof Tensor ? widened(part) : part]),
  );
};

/** A function that is composed of several ops: of halves it computes in float32, with all tensors among its arguments, and rounds its result once. */
export function inFloat32<A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => Tensor,
): (x: Tensor, ...rest: A) => Tensor {
  return (x, ...rest) =>
    isHalf(x.dtype)
      ? arithmetic.cast(f(widened(x), ...(rest.map(widenedWithin) as unknown as A)), x.dtype)
      : f(x, ...rest);
}

type Given = readonly (readonly [name: string, tensor: Tensor])[];

/**
 * A call of a kernel that may hold halves where it says so, on tensors that do: by the kernel made for their formats, or where that cannot write
 * halves, or has no variant for the params, with results, and then operands, in float32 beside them. `call` enters it.
 */
export function onHalves(
  kernel: AnyKernel,
  given: Given,
  params: PlanParams,
  call: (kernel: AnyKernel, given: Given) => void,
): void {
  const able = given.filter(([name, { dtype }]) => isHalf(dtype) && kernel.halves?.includes(name));
  const writes = (name: string): boolean => kernel.bindings[name].access === "read_write";
  const { device } = (given[0] as [string, Tensor])[1].storage;
  const singles = device.gpu.features.has("shader-f16");
  const views = Object.fromEntries(given.map(([name, tensor]) => [name, tensor.place]));
  for (const kept of [able, able.filter(([name]) => !writes(name))]) {
    const formats: HalfStorage["formats"] = Object.fromEntries(
      kept.map(([name, { dtype }]) => [name, halfFormat(dtype as Half)]),
    );
    const made = kept.length === 0 ? kernel : inHalves(kernel, formats, singles);
    if (!made || device.tuning.applicable(made, params as never, views).length === 0) continue;
    withFloats(
      given,
      (name) => able.some(([other]) => other === name) && !(name in formats),
      writes,
      (given) => call(made, given),
    );
    return;
  }
  withFloats(
    given,
    (name) => able.some(([other]) => other === name),
    writes,
    (given) => call(kernel, given),
  );
}

/** Calls with tensors of float32 in place of some: operands are widened before, results rounded afterwards. */
function withFloats(
  given: Given,
  isFloat: (name: string) => boolean,
  writes: (name: string) => boolean,
  call: (given: Given) => void,
): void {
  scope(() =>
    noGrad(() => {
      const replaced = given.map(([name, tensor]) => {
        if (!isFloat(name)) return [name, tensor] as const;
        return [name, writes(name) ? empty(tensor.shape, "float32", "workspace") : widened(tensor)] as const;
      });
      call(replaced);
      for (const [i, [, tensor]] of replaced.entries()) {
        const [name, own] = given[i] as Given[number];
        if (tensor !== own && writes(name)) arithmetic.convert(tensor, own);
      }
    }),
  );
}
