import type { AnyKernel, Constants, Variant } from "../kernel.js";
import { shaderOf } from "../kernel.js";

/** A compiled variant of a kernel. */
export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Prefix of bind group keys: two pipelines of one kernel share layouts. */
  readonly layoutId: number;
  /** Bindings whose offset is given with every call, in their order. */
  readonly stepping: readonly string[];
}

interface Layout {
  readonly layout: GPUBindGroupLayout;
  readonly pipelineLayout: GPUPipelineLayout;
  readonly id: number;
}

const NONE: readonly string[] = [];

// biome-ignore lint/suspicious/noExplicitAny: see AnyKernel.
export type AnyVariant = Variant<any>;

/** Pipelines by kernel, variant and constants; layouts by kernel; both by what steps from call to call. Keys derive from the spec, none is typed by hand. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #software: boolean;
  readonly #guard: <T>(what: string, make: () => T, failed?: (message: string) => void) => T;
  readonly #layouts = new Map<AnyKernel, Map<string, Layout>>();
  #layoutCount = 0;
  readonly #pipelines = new Map<AnyKernel, Map<string, CompiledKernel>>();

  readonly #failed: (kernel: AnyKernel, variant: AnyVariant, message: string) => void;

  /**
   * `software`: the device is a processor. `guard` runs a creation under the device's validation scope; `failed` hears of
   * variants that do not compile.
   */
  constructor(
    device: GPUDevice,
    software: boolean,
    guard: <T>(what: string, make: () => T, failed?: (message: string) => void) => T,
    failed: (kernel: AnyKernel, variant: AnyVariant, message: string) => void,
  ) {
    this.#device = device;
    this.#software = software;
    this.#guard = guard;
    this.#failed = failed;
  }

  /** The compiled variant, at once; an error in it comes back through the guard. `stepping` as in CompiledKernel. */
  get(
    kernel: AnyKernel,
    variant: AnyVariant,
    constants: Constants | undefined,
    stepping: readonly string[] = NONE,
  ): CompiledKernel {
    const pipelines = this.#of(kernel);
    const key = keyOf(variant, constants, stepping);
    const known = pipelines.get(key);
    if (known) return known;
    const { code, label } = this.#source(kernel, variant, constants);
    const { layout, pipelineLayout, id } = this.#layout(kernel, stepping);
    const pipeline = this.#guard(
      label,
      () => {
        const module = this.#device.createShaderModule({ label, code });
        const compute = { module, entryPoint: "main" };
        return this.#device.createComputePipeline({ label, layout: pipelineLayout, compute });
      },
      (message) => this.#failed(kernel, variant, message),
    );
    const compiled = { pipeline, layout, layoutId: id, stepping };
    pipelines.set(key, compiled);
    return compiled;
  }

  /** The same, waiting for the compiler. Rejects with what the device says of a variant that does not compile. */
  async compile(kernel: AnyKernel, variant: AnyVariant, constants: Constants | undefined): Promise<CompiledKernel> {
    const pipelines = this.#of(kernel);
    const key = keyOf(variant, constants, NONE);
    const known = pipelines.get(key);
    if (known) return known;
    const { code, label } = this.#source(kernel, variant, constants);
    const { layout, pipelineLayout, id } = this.#layout(kernel, NONE);
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ label, code });
    const refused = await this.#device.popErrorScope();
    if (refused) throw new Error(refused.message);
    const compute = { module, entryPoint: "main" };
    const pipeline = await this.#device.createComputePipelineAsync({ label, layout: pipelineLayout, compute });
    const compiled = { pipeline, layout, layoutId: id, stepping: NONE };
    pipelines.set(key, compiled);
    return compiled;
  }

  /** Those of one kernel. */
  #of(kernel: AnyKernel): Map<string, CompiledKernel> {
    let pipelines = this.#pipelines.get(kernel);
    if (!pipelines) {
      pipelines = new Map();
      this.#pipelines.set(kernel, pipelines);
    }
    return pipelines;
  }

  #source(kernel: AnyKernel, variant: AnyVariant, constants: Constants | undefined) {
    const code = shaderOf(kernel, variant, this.#software, constants);
    return { code, label: `${kernel.name}/${variant.name}` };
  }

  #layout(kernel: AnyKernel, stepping: readonly string[]) {
    const layouts = this.#layouts.get(kernel) ?? new Map<string, Layout>();
    this.#layouts.set(kernel, layouts);
    let entry = layouts.get(`${stepping}`);
    if (entry) return entry;
    const names = Object.keys(kernel.bindings);
    const entries: GPUBindGroupLayoutEntry[] = names.map((name, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: {
        type: kernel.bindings[name]?.access === "read" ? "read-only-storage" : "storage",
        hasDynamicOffset: stepping.includes(name),
      },
    }));
    entries.push({
      binding: names.length,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: kernel.layout.bytes },
    });
    entry = this.#guard(kernel.name, () => {
      const layout = this.#device.createBindGroupLayout({ label: kernel.name, entries });
      const pipelineLayout = this.#device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] });
      return { layout, pipelineLayout, id: this.#layoutCount++ };
    });
    layouts.set(`${stepping}`, entry);
    return entry;
  }
}

function keyOf(variant: AnyVariant, constants: Constants | undefined, stepping: readonly string[]): string {
  const name = stepping.length === 0 ? variant.name : `${variant.name} [${stepping}]`;
  return constants === undefined ? name : `${name} ${textOf(constants)}`;
}

const texts = new WeakMap<Constants, string>();

/** Constants as part of a key. Ops pass the same object at every call. */
function textOf(constants: Constants): string {
  let text = texts.get(constants);
  if (text === undefined) {
    text = JSON.stringify(constants);
    texts.set(constants, text);
  }
  return text;
}
