// torch.accelerator: the one device there is, WebGPU's.
import { bool, define } from "@facet/dialect";
import { Device } from "../dtype.js";
import { type DeviceIndex, finish, index, isThere, memory, requireOnly } from "./memory.js";

const own = (name: string): string => `torch.accelerator.${name}`;
type AtIndex<T> = (device?: DeviceIndex) => T;

/** The device that computes: `torch.device("webgpu")`. null where there is none. */
export const current_accelerator: (check_available?: boolean | { check_available?: boolean }) => Device | null = define(
  own("current_accelerator"),
  { check_available: bool.or(false) },
  () => (isThere() ? new Device("webgpu") : null),
);
/** Whether there is a device to compute on. */
export const is_available: () => boolean = define(own("is_available"), {}, isThere);
/** 1, or 0 where no device could be opened. */
export const device_count: () => number = define(own("device_count"), {}, () => (isThere() ? 1 : 0));
/** 0: the number of the device there is. */
export const current_device_index: () => number = define(own("current_device_index"), {}, () => 0);
/** Takes 0 alone. */
export const set_device_index: (device: DeviceIndex) => void = define(
  own("set_device_index"),
  { device: index, "/": null },
  ({ device }) => requireOnly("set_device_index", device),
);
/** A promise: settles when the device has done all that it was given. */
export const synchronize: AtIndex<Promise<void>> = define(
  own("synchronize"),
  { device: index.or(null), "/": null },
  ({ device }) => {
    requireOnly("synchronize", device);
    return finish();
  },
);

const asked = <T>(name: string, answer: () => T): AtIndex<T> =>
  define(own(name), { device_index: index.or(null), "/": null }, ({ device_index }) => {
    requireOnly(name, device_index);
    return answer();
  });
/** Bytes of device memory that tensors hold now. */
export const memory_allocated = asked("memory_allocated", memory.memory_allocated);
/** The most bytes that tensors have held. */
export const max_memory_allocated = asked("max_memory_allocated", memory.max_memory_allocated);
/** Bytes that are held for tensors, lent or waiting. */
export const memory_reserved = asked("memory_reserved", memory.memory_reserved);
/** Starts a new peak from what is held now. */
export const reset_peak_memory_stats = asked("reset_peak_memory_stats", memory.reset_peak_memory_stats);
/** Gives memory that nobody holds back to the driver. */
export const empty_cache: () => void = define(own("empty_cache"), {}, memory.empty_cache);
