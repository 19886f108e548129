// torch.backends: switches of libraries that are not here. They are remembered and change nothing.
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { define, namespace, nearest, show } from "@facet/dialect";

/** Switches by name, to be read and set: of another kind than they are, or absent, they throw. */
function switches<const T extends Record<string, boolean | number | string | null | (() => unknown) | object>>(
  name: string,
  values: T,
): { -readonly [K in keyof T]: T[K] extends boolean ? boolean : T[K] extends string ? string : T[K] } {
  const known = (key: string | symbol): void => {
    if (typeof key === "symbol" || Object.hasOwn(values, key) || key in Object.prototype || key === "then") return;
    const guess = nearest(key, Object.keys(values));
    throw new UnsupportedError({
      op: name,
      argument: key,
      expected: `one of its switches (${Object.keys(values).join(", ")})`,
      given: guess === undefined ? "one that is absent" : `one that is absent: the nearest is ${guess}`,
    });
  };
  return new Proxy(Object.assign(Object.create(Switches.prototype), values), {
    get(target, key, receiver) {
      known(key);
      return Reflect.get(target, key, receiver);
    },
    set(target, key, value) {
      known(key);
      const before: unknown = target[key as string];
      if (typeof before === typeof value && typeof before !== "function" && typeof before !== "object")
        return Reflect.set(target, key, value);
      throw new ArgumentError({ op: name, argument: String(key), expected: `a ${typeof before}`, given: show(value) });
    },
  }) as never;
}
/** What these objects are, so that nobody takes them for namespaces. */
class Switches {}

const no = (name: string): (() => boolean) => define(`torch.backends.${name}`, {}, () => false);

export const backends = namespace("torch.backends", {
  cudnn: switches("torch.backends.cudnn", {
    ...{ enabled: true, benchmark: false, deterministic: false, allow_tf32: true, benchmark_limit: 10 },
    ...{ is_available: no("cudnn.is_available"), version: define("torch.backends.cudnn.version", {}, () => null) },
  }),
  cuda: switches("torch.backends.cuda", {
    is_built: no("cuda.is_built"),
    matmul: switches("torch.backends.cuda.matmul", {
      ...{ allow_tf32: false, allow_fp16_reduced_precision_reduction: true, allow_fp16_accumulation: false },
      ...{ allow_bf16_reduced_precision_reduction: true, fp32_precision: "none" },
    }),
  }),
  mps: switches("torch.backends.mps", { is_available: no("mps.is_available"), is_built: no("mps.is_built") }),
  mkldnn: switches("torch.backends.mkldnn", { enabled: true, is_available: no("mkldnn.is_available") }),
  mkl: switches("torch.backends.mkl", { is_available: no("mkl.is_available") }),
  openmp: switches("torch.backends.openmp", { is_available: no("openmp.is_available") }),
});
