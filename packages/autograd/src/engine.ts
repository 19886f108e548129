import {
  type Device,
  DisposedError,
  type FacetError,
  NoAdapterError,
  type OpenOptions,
  openDevice,
} from "@facet/kernels-wgsl";

let current: Device | undefined;
let failure: unknown;
let opening: Promise<void> | undefined;

/**
 * Opens the device that tensors live on, once; later calls wait for the same. The dialects do this when they are imported.
 * A failure is kept and thrown by the first op, so that a program which never computes needs no adapter.
 */
export function startDevice(options: OpenOptions = {}): Promise<void> {
  opening ??= openDevice(options).then(
    (device) => {
      current = device;
    },
    (error) => {
      failure = error;
    },
  );
  return opening;
}

/** The device tensors live on. Throws the error that opening it met, or NoAdapterError when nobody has opened one. */
export function device(): Device {
  if (current) return current;
  if (failure) throw failure as FacetError;
  throw new NoAdapterError({
    op: "device",
    expected: "await startDevice() before the first tensor",
    given: "no device",
  });
}

/** Puts ops on another device (tests do). Tensors of the old one can no longer be used with new ones. */
export function setDevice(device: Device): void {
  current = device;
  failure = undefined;
  opening = Promise.resolve();
}

/** Frees the default device and everything on it. */
export function closeDevice(): void {
  current?.close();
  current = undefined;
  failure = new DisposedError({ op: "device", expected: "an open device", given: "one that was closed" });
}
