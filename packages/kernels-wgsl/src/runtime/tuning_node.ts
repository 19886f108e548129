import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { ArgumentError } from "../errors.js";
import { observeDevices } from "./adapters.js";
import type { AdapterDescription, Device } from "./device.js";
import { setTuningStore } from "./tuning.js";
import { hash } from "./tuning_table.js";

const file = (adapter: AdapterDescription): string => {
  const { FACET_CACHE, XDG_CACHE_HOME } = process.env;
  const root = FACET_CACHE || (XDG_CACHE_HOME ? join(XDG_CACHE_HOME, "facet") : join(homedir(), ".cache", "facet"));
  return join(root, "tuning", `${adapter.kind}-${hash(`${adapter.name}\0${adapter.driver}`)}.json`);
};

setTuningStore({
  place: file,
  load: (adapter) => (existsSync(file(adapter)) ? readFileSync(file(adapter), "utf8") : undefined),
  save: (adapter, text) => {
    const path = file(adapter);
    mkdirSync(dirname(path), { recursive: true });
    // Renamed into place, so that another process never reads half a table.
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  },
});

/** With FACET_TUNE=on, what a program meets is measured when its device is closed or it ends; its next run uses that. */
observeDevices((device) => {
  const mode = process.env.FACET_TUNE || "off";
  if (mode !== "on" && mode !== "off")
    throw new ArgumentError({ op: "openDevice", argument: "FACET_TUNE", expected: "on or off", given: mode });
  if (mode === "off") return;
  device.tuning.record();
  let ended = false;
  const finish = async () => {
    if (ended) return;
    ended = true;
    await tuneAtEnd(device);
  };
  device.onClose(finish);
  process.once("beforeExit", finish);
});

async function tuneAtEnd(device: Device): Promise<void> {
  const started = performance.now();
  const { tuned, place } = await device.tune();
  if (tuned.length === 0) return;
  const changed = tuned.filter(({ variant, untuned }) => variant !== untuned).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(
    `facet: ${tuned.length} shape classes tuned in ${seconds} s, ${changed} with another variant; ${place ?? "not stored"}\n`,
  );
}
