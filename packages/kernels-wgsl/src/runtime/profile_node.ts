import { writeFileSync } from "node:fs";
import { observeDevices } from "./adapters.js";
import type { Device } from "./device.js";
import type { Profile } from "./profile.js";

const file = process.env.FACET_PROFILE;
let opened = 0;

/** Profiles every device from its opening to its closing, or to the end of the process, when FACET_PROFILE names a file. */
if (file) observeDevices((device) => profileToFile(device, nameFor(file, opened++)));

/** A program that opens several devices gets several files: trace.json, trace.1.json, ... */
function nameFor(path: string, index: number): string {
  return index === 0 ? path : path.replace(/(\.[^./]*)?$/, (extension) => `.${index}${extension}`);
}

function profileToFile(device: Device, path: string): void {
  const profiler = device.startProfile();
  let written = false;
  const write = (profile: Profile): void => {
    if (written) return;
    written = true;
    writeFileSync(path, profile.trace());
    process.stderr.write(`${profile.table()}\nfacet: profile written to ${path}\n`);
  };
  const finish = async (): Promise<void> => {
    if (!written && device.profiling) write(await device.stopProfile());
  };
  device.onClose(finish);
  // A program that ends by itself still has time to wait for the device; process.exit() leaves what is there.
  process.once("beforeExit", finish);
  process.once("exit", () => write(profiler.snapshot()));
}
