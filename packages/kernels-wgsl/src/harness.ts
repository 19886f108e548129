// Runs a kernel case on a device: shared by tests and benches, part of the table entry.
import { arrayTypes, type BindingArray, type BindingArrays, type KernelCase, type KernelEntry } from "./cases.js";
import type { BindingDtype, BindingSpec, ParamType } from "./kernel.js";
import type { BufferView } from "./runtime/buffers.js";
import type { Device, RunOptions, Views } from "./runtime/device.js";

export interface PreparedCase {
  /** Encodes the kernel call once. */
  run(): void;
  /** Contents of every written binding. */
  read(): Promise<BindingArrays>;
  free(): void;
}

/** A NaN, and no number that a case expects. */
const UNWRITTEN = 0x7fc0dead;

/** Uploads a case's inputs and makes room for its outputs. */
export function prepareCase(
  device: Device,
  entry: KernelEntry,
  testCase: KernelCase,
  inputs: BindingArrays,
  variant?: string,
): PreparedCase {
  const { kernel } = entry;
  const views: Record<string, BufferView> = {};
  const kinds: Record<string, BindingDtype> = {};
  for (const [name, spec] of Object.entries(kernel.bindings as Record<string, BindingSpec>)) {
    const data: BindingArray | undefined = inputs[name];
    const count = data?.length ?? testCase.outputs[name];
    if (count === undefined) continue;
    const bytes = Math.max(4, count * 4);
    views[name] = { block: device.allocate(bytes, kernel.name), offset: 0, bytes };
    if (spec.access === "read_write") kinds[name] = data ? dtypeOf(data) : outputDtype(spec, testCase);
    // The memory may hold what an earlier call of the case computed.
    device.queue.write(views[name], data ?? new Uint32Array(bytes / 4).fill(UNWRITTEN));
  }
  const options: RunOptions = {
    label: `${kernel.name} ${testCase.name}`,
    ...(testCase.constants ? { constants: testCase.constants } : {}),
    ...(variant ? { variant } : {}),
  };
  return {
    run: () =>
      device.run(
        kernel,
        views as Views<Record<string, BindingSpec>>,
        testCase.params as Record<string, never> & Record<string, ParamType>,
        options,
      ),
    read: async () => {
      const results: BindingArrays = {};
      for (const [name, dtype] of Object.entries(kinds)) {
        const count = (inputs[name]?.length ?? testCase.outputs[name]) as number;
        results[name] = new arrayTypes[dtype](await device.read(views[name] as BufferView)).slice(0, count);
      }
      return results;
    },
    free: () => {
      for (const view of Object.values(views)) device.free(view.block);
    },
  };
}

/** A binding of several dtypes says which by the constant of the same meaning, `alias Y = ...`. */
function outputDtype(spec: BindingSpec, testCase: KernelCase): BindingDtype {
  const bound = typeof spec.dtype === "string" ? spec.dtype : (testCase.constants?.Y ?? spec.dtype[0]);
  return bound === "f16" || bound === "bf16" ? "u32" : (bound as BindingDtype);
}

function dtypeOf(data: BindingArray): BindingDtype {
  return data instanceof Float32Array ? "f32" : data instanceof Int32Array ? "i32" : "u32";
}
