import { observeDevices } from "./adapters.js";

const devices = new Set<WeakRef<GPUDevice>>();

// Node may be told to exit while a device still computes. Its threads would go on in memory that the exit takes away, and the
// process would end with a segmentation fault; destroying a device waits for them. One that was collected has gone before.
process.once("exit", () => {
  for (const device of devices) device.deref()?.destroy();
});

observeDevices(({ gpu }) => devices.add(new WeakRef(gpu)));
