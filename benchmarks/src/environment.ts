// What a report says of the machine and of the libraries on it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import type { Device } from "@facet/kernels-wgsl";
import type { Report } from "./report.js";

const LIBRARIES = [
  "webgpu",
  "@tensorflow/tfjs-backend-webgpu",
  "@jax-js/jax",
  "onnxruntime-web",
  "gpu.js",
  "tinybench",
];

/** A report in which nothing is measured yet. */
export function emptyReport({ adapter }: Device): Report {
  return {
    date: new Date().toISOString(),
    adapter: { name: adapter.name, kind: adapter.kind, driver: adapter.driver },
    host: {
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
    },
    versions: Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(name)])),
    commandLine: process.argv.slice(2),
    seconds: 0,
    partSeconds: {},
    kernels: [],
    peers: [],
    absentPeers: {},
    programs: [],
  };
}

/** Not every package exports its package.json; the file is beside the main one's root all the same. */
function versionOf(name: string): string {
  for (const path of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(`${path}/${name}/package.json`, "utf8")) as { version: string }).version;
    } catch {
      // The next folder up may have it.
    }
  }
  return "unknown";
}
