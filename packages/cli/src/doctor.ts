import { type AdapterDescription, findAdapter, NoAdapterError, openDevice } from "@facet/kernels-wgsl";
import { advice } from "./advice.js";
import { measure, type Speed } from "./measure.js";
import { formatBytes, type Output, styled, wrap } from "./output.js";

export interface DoctorOptions {
  adapter: string | undefined;
  json: boolean;
}

type Found = AdapterDescription & { origin: string };

const KINDS = {
  hardware: "a GPU",
  lavapipe: "software: Mesa's Vulkan on the processor",
  swiftshader: "software: Google's Vulkan on the processor",
  software: "software: Vulkan on the processor",
};

const FEATURES = {
  "timestamp-query": "times of single dispatches, for the profiler",
  subgroups: "lanes of a workgroup exchange values directly",
  "shader-f16": "half-precision arithmetic",
};

const LIMITS = {
  maxBufferSize: "bytes in one buffer",
  maxStorageBufferBindingSize: "bytes a kernel sees of one buffer",
  maxStorageBuffersPerShaderStage: "buffers of one kernel",
  maxComputeWorkgroupStorageSize: "bytes that a workgroup shares",
  maxComputeInvocationsPerWorkgroup: "threads of a workgroup",
  maxComputeWorkgroupsPerDimension: "workgroups in one dimension",
};

/** Prints what Facet computes on, how fast, and what would make it faster. Returns the exit code: 1 without an adapter. */
export async function doctor(output: Output, options: DoctorOptions): Promise<number> {
  let found: Found;
  try {
    found = await findAdapter({ adapter: options.adapter });
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    return noAdapter(output, options, error);
  }
  const device = await openDevice({ adapter: options.adapter });
  try {
    const speed = await measure(device);
    const others = await otherAdapters(found);
    if (options.json) output.line(JSON.stringify(report(found, speed, others), null, 2));
    else print(output, found, speed, others);
  } finally {
    device.close();
  }
  return 0;
}

/** Adapters that could be had by another name. */
async function otherAdapters(taken: Found): Promise<Found[]> {
  const found: Found[] = [];
  for (const adapter of ["hardware", "lavapipe", "swiftshader"]) {
    if (adapter === taken.kind) continue;
    try {
      found.push(await findAdapter({ adapter }));
    } catch (error) {
      if (!(error instanceof NoAdapterError)) throw error;
    }
  }
  return found;
}

const largestTensor = ({ limits }: Found): number =>
  Math.min(limits.maxBufferSize ?? 0, limits.maxStorageBufferBindingSize ?? 0);

const adviceFor = ({ kind }: Found, others: Found[]): string[] =>
  advice(
    kind,
    process.platform,
    others.map((other) => other.kind),
    process.env.LP_NATIVE_VECTOR_WIDTH,
  );

function report(found: Found, speed: Speed, others: Found[]): object {
  const { kind, name, origin, vendor, architecture, driver, features, limits } = found;
  return {
    adapter: { kind, name, origin, vendor, architecture, driver },
    features: Object.fromEntries(Object.keys(FEATURES).map((feature) => [feature, features.includes(feature)])),
    limits: Object.fromEntries(Object.keys(LIMITS).map((limit) => [limit, limits[limit]])),
    largestTensorBytes: largestTensor(found),
    measured: speed,
    others: others.map((other) => ({ kind: other.kind, name: other.name, origin: other.origin })),
    advice: adviceFor(found, others),
    node: process.version,
  };
}

function print(output: Output, found: Found, speed: Speed, others: Found[]): void {
  const row = (name: string, value: string) => output.line(`${styled(output, "bold", name.padEnd(10))}${value}`);
  const rows = (name: string, values: string[]) => {
    for (const [i, value] of values.entries()) row(i === 0 ? name : "", value);
  };
  const note = (text: string) => styled(output, "dim", text);
  const { kind, limits } = found;
  row("Adapter", styled(output, kind === "hardware" ? "green" : "yellow", found.name));
  row("Kind", KINDS[kind]);
  row("Driver", found.driver || "unnamed");
  row("Origin", found.origin);
  row("Measured", `matmul ${speed.matmulGflops.toFixed(1)} GFLOP/s ${note("(512 x 512 x 512, f32)")}`);
  row("", `copy ${speed.copyGbytes.toFixed(1)} GB/s ${note("(32 MiB, read and write)")}`);
  const largest = largestTensor(found);
  row("Memory", `largest tensor ${formatBytes(largest)} ${note(`(${Math.floor(largest / 4)} f32)`)}`);
  rows(
    "Features",
    Object.entries(FEATURES).map(([feature, use]) => {
      return `${(found.features.includes(feature) ? "yes" : "no").padEnd(4)}${feature} ${note(`(${use})`)}`;
    }),
  );
  rows(
    "Limits",
    Object.entries(LIMITS).map(
      ([limit, meaning]) => `${`${limits[limit]}`.padEnd(12)}${limit} ${note(`(${meaning})`)}`,
    ),
  );
  rows(
    "Others",
    others.length === 0
      ? ["none"]
      : others.map((other) => `${other.name} ${note(`(${other.origin}; FACET_ADAPTER=${other.kind})`)}`),
  );
  for (const [i, tip] of adviceFor(found, others).entries()) rows(i === 0 ? "Faster" : "", wrap(tip, 90));
}

function noAdapter(output: Output, options: DoctorOptions, error: NoAdapterError): number {
  const tips = advice("none", process.platform);
  if (options.json) output.line(JSON.stringify({ error: error.message, advice: tips }, null, 2));
  else {
    output.error(`facet: ${error.message}`);
    for (const tip of tips) output.error(wrap(tip, 100).join("\n"));
  }
  return 1;
}
