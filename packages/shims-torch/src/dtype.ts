import { ArgumentError, type Dtype as CoreDtype, UnsupportedError } from "@facet/autograd";

/** An element type, printed as PyTorch prints it. */
export class Dtype {
  readonly name: string;
  /** How the core holds it. */
  readonly core: CoreDtype;
  readonly is_floating_point: boolean;

  constructor(name: string, core: CoreDtype) {
    this.name = name;
    this.core = core;
    this.is_floating_point = core === "float32";
  }

  toString(): string {
    return `torch.${this.name}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

export const float32 = new Dtype("float32", "float32");
/** PyTorch's integer type. Its values are held in 32 bits: larger ones throw when a tensor is made of them. */
export const int64 = new Dtype("int64", "int32");
export const bool = new Dtype("bool", "bool");
/** Bytes, as images are stored. Only conversions (`float()`, `long()`) and reading compute on them. */
export const uint8 = new Dtype("uint8", "uint8");
// One integer type goes by all of PyTorch's names.
export { float32 as float, int64 as int, int64 as int32, int64 as long };

/** The dtype that stands for one of the core's. */
export function dtypeOf(core: CoreDtype): Dtype {
  return core === "float32" ? float32 : core === "bool" ? bool : core === "uint8" ? uint8 : int64;
}

/** The wider of two for arithmetic: bool < int64 < float32. */
export function promote(a: CoreDtype, b: CoreDtype): CoreDtype {
  const order: readonly CoreDtype[] = ["bool", "uint8", "uint32", "int32", "float32"];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

/** Where tensors live. There is one place, the WebGPU device; "cpu" is taken for it, so that programs with a fallback run. */
export class Device {
  readonly type: string;

  constructor(type: string | Device) {
    this.type = checkDevice("device", type);
  }

  toString(): string {
    return `device(type='${this.type}')`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Throws UnsupportedError unless the device is one that stands for the only one there is. */
export function checkDevice(op: string, device: string | Device): string {
  const type = device instanceof Device ? device.type : device;
  if (typeof type !== "string")
    throw new ArgumentError({ op, argument: "device", expected: "'webgpu' or 'cpu'", given: `${type}` });
  if (type !== "webgpu" && type !== "cpu")
    throw new UnsupportedError({
      op,
      argument: "device",
      expected: "'webgpu' (or 'cpu', which means the same)",
      given: type,
    });
  return type;
}

/** `torch.device("webgpu")`. */
export const device = (type: string | Device): Device => new Device(type);
