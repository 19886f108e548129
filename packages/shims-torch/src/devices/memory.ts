// What the device says of itself, asked by torch.accelerator and torch.cuda alike.
import { ArgumentError, device } from "@facet/autograd";
import { instance, int, show, string } from "@facet/dialect";
import { checkDevice, Device } from "../dtype.js";

/** A device by name or number. There is one: number 0. */
export type DeviceIndex = Device | string | number | null;
export const index = instance(() => Device, "a torch.device")
  .either(string)
  .either(int);

/** Throws unless that is the device there is. */
export function requireOnly(op: string, given: DeviceIndex): void {
  if (typeof given === "string" || given instanceof Device) checkDevice(op, given);
  else if (given !== null && given !== 0)
    throw new ArgumentError({ op, argument: "device", expected: "0: there is one device", given: show(given) });
}

/** Whether there is a device to compute on. */
export function isThere(): boolean {
  try {
    device();
    return true;
  } catch {
    return false;
  }
}

/** What is asked of memory, in bytes, by the names that both namespaces have for it. */
export const memory = {
  memory_allocated: (): number => device().memory().live,
  max_memory_allocated: (): number => device().memory().peak,
  memory_reserved: (): number => device().memory().reserved,
  reset_peak_memory_stats: (): void => device().resetPeak(),
  empty_cache: (): void => device().trim(),
} as const;

/** Settles when the device has done all that it was given, and throws what went wrong there. */
export const finish = (): Promise<void> => device().finish();
