import { ArgumentError, type Dtype as CoreDtype, UnsupportedError } from "@facet/autograd";
import { type Args, instance, oneOf, show, signature, string } from "@facet/dialect";

/** An element type, printed as PyTorch prints it. */
export class Dtype {
  readonly name: string;
  /** How the core holds it. */
  readonly core: CoreDtype;
  readonly is_floating_point: boolean;

  constructor(name: string, core: CoreDtype, is_floating_point = core === "float32") {
    this.name = name;
    this.core = core;
    this.is_floating_point = is_floating_point;
  }

  toString(): string {
    return `torch.${this.name}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

export const float32 = new Dtype("float32", "float32");
/** PyTorch's integer type. Its values are held in 32 bits: larger ones throw, when they are given or, computed, at the next read. */
export const int64 = new Dtype("int64", "int32");
export const bool = new Dtype("bool", "bool");
/** Bytes, as images are stored. Only conversions (`float()`, `long()`) and reading compute on them. */
export const uint8 = new Dtype("uint8", "uint8");
/** A dtype of PyTorch that Facet does not have: using it throws, so that no default takes its place. */
class AbsentDtype extends Dtype {
  constructor(name: string, is_floating_point: boolean) {
    super(name, "float32", is_floating_point);
    Object.defineProperty(this, "core", { get: () => this.#refuse() });
  }
  #refuse(): never {
    throw new UnsupportedError({
      op: "dtype",
      argument: `torch.${this.name}`,
      expected: "torch.float32, torch.int64, torch.bool or torch.uint8",
      given: "a dtype that is absent",
    });
  }
}

export const float64 = new AbsentDtype("float64", true);
export const float16 = new AbsentDtype("float16", true);
export const bfloat16 = new AbsentDtype("bfloat16", true);
export const int8 = new AbsentDtype("int8", false);
export const int16 = new AbsentDtype("int16", false);
export const uint16 = new AbsentDtype("uint16", false);
export const uint32 = new AbsentDtype("uint32", false);
export const uint64 = new AbsentDtype("uint64", false);
export const complex64 = new AbsentDtype("complex64", false);
export const complex128 = new AbsentDtype("complex128", false);
// Other names that PyTorch has for them. There is one integer type, for int32 and int64.
export {
  complex64 as cfloat,
  complex128 as cdouble,
  float16 as half,
  float32 as float,
  float64 as double,
  int16 as short,
  int64 as int,
  int64 as int32,
  int64 as long,
};

/** The dtype that stands for one of the core's. */
export function dtypeOf(core: CoreDtype): Dtype {
  if (core === "float16" || core === "bfloat16") return core === "float16" ? float16 : bfloat16;
  return core === "float32" ? float32 : core === "bool" ? bool : core === "uint8" ? uint8 : int64;
}

/** Where tensors live. There is one place, the WebGPU device; "cuda" and "cpu" are other names of it, so that programs which name one run. */
export class Device {
  readonly type: string;
  /** Of several: there is one. */
  readonly index: number | null;

  constructor(type: string | Device, index: number | null = null) {
    this.type = checkDevice("device", type);
    this.index = index ?? (type instanceof Device ? type.index : indexOf(type));
  }

  toString(): string {
    return `device(type='${this.type}'${this.index === null ? "" : `, index=${this.index}`})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const indexOf = (type: string): number | null => (type.includes(":") ? 0 : null);

/** Throws UnsupportedError unless the device is one that stands for the only one there is. */
export function checkDevice(op: string, device: string | Device): string {
  const type = device instanceof Device ? device.type : device;
  if (typeof type !== "string")
    throw new ArgumentError({ op, argument: "device", expected: "'webgpu', 'cuda' or 'cpu'", given: show(type) });
  if (!/^(webgpu|cuda|cpu)(:0)?$/.test(type))
    throw new UnsupportedError({
      op,
      argument: "device",
      expected: "'webgpu' (or 'cuda' or 'cpu', which mean the same)",
      given: type,
    });
  return type.replace(":0", "");
}

const readDevice = signature("torch.device", {
  type: string.either(instance(() => Device, "a torch.device")),
  index: oneOf(0).or(null),
});

/** `torch.device("webgpu")`. */
export const device = (
  ...args: Args<[type: string | Device, index: number | null], { type: string; index: number | null }>
): Device => {
  const { type, index } = readDevice(args);
  return new Device(type, index);
};
