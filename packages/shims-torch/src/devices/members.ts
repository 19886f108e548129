// What tensors and modules are asked about where they are: on the only device there is.
import { bool, defineMethod, methods } from "@facet/dialect";
import { checkDevice, type Device } from "../dtype.js";
import { device, memory_format } from "../kinds.js";
import { Module } from "../nn/module.js";
import { Tensor } from "../tensor.js";
import { type DeviceIndex, index, requireOnly } from "./memory.js";

const at = index.or(null);
const toDevice =
  <S>(op: string) =>
  (self: S, { device }: { device: DeviceIndex }): S => {
    requireOnly(op, device);
    return self;
  };

const ofTensors = {
  cuda: defineMethod(
    "torch.Tensor.cuda",
    { device: at, non_blocking: bool.or(false), memory_format },
    toDevice<Tensor>("cuda"),
  ),
  pin_memory: defineMethod("torch.Tensor.pin_memory", { device: device.or(null) }, (self: Tensor, given) => {
    if (given.device !== null) checkDevice("pin_memory", given.device);
    return self;
  }),
  is_pinned: defineMethod("torch.Tensor.is_pinned", { device: device.or(null) }, () => false),
  get_device: defineMethod("torch.Tensor.get_device", {}, () => 0),
} as const;
methods(Tensor, ofTensors);
for (const [name, value] of [
  ["is_cuda", false],
  ["is_cpu", false],
  ["is_mps", false],
  ["is_xpu", false],
  ["is_meta", false],
] as const)
  Object.defineProperty(Tensor.prototype, name, { get: () => value, configurable: true });

const ofModules = {
  cuda: defineMethod("torch.nn.Module.cuda", { device: at }, toDevice<Module>("cuda")),
  cpu: defineMethod("torch.nn.Module.cpu", {}, (self: Module) => self),
} as const;
methods(Module, ofModules);

type DeviceArgs = [device?: DeviceIndex] | [{ readonly device?: DeviceIndex }];

declare module "../tensor.js" {
  interface Tensor {
    /** The tensor: "cuda" is a name of the device there is. */
    cuda(...args: [...DeviceArgs, ...unknown[]]): this;
    /** The tensor: memory of the host is not its place. */
    pin_memory(...args: [device?: Device | string | null]): this;
    /** False. */
    is_pinned(...args: [device?: Device | string | null]): boolean;
    /** 0: the number of the device there is. */
    get_device(): number;
    /** False: the device is WebGPU's. */
    readonly is_cuda: boolean;
    readonly is_cpu: boolean;
    readonly is_mps: boolean;
    readonly is_xpu: boolean;
    readonly is_meta: boolean;
  }
}
declare module "../nn/module.js" {
  interface Module {
    /** The module: "cuda" is a name of the device there is. */
    cuda(...args: DeviceArgs): this;
    /** The module. */
    cpu(): this;
  }
}
