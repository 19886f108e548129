import type { AnyKernel, Constants, Variant } from "../kernel.js";
import { specialise } from "../kernel.js";

/** A compiled variant of a kernel. */
export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Prefix of bind group keys: two pipelines of one kernel share layouts. */
  readonly layoutId: number;
}

// biome-ignore lint/suspicious/noExplicitAny: see AnyKernel.
export type AnyVariant = Variant<any>;

/** Pipelines by kernel, variant and constants; layouts by kernel. Keys derive from the spec, none is typed by hand. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #guard: <T>(what: string, make: () => T) => T;
  readonly #layouts = new Map<
    AnyKernel,
    { layout: GPUBindGroupLayout; pipelineLayout: GPUPipelineLayout; id: number }
  >();
  readonly #pipelines = new Map<AnyKernel, Map<string, CompiledKernel>>();

  constructor(device: GPUDevice, guard: <T>(what: string, make: () => T) => T) {
    this.#device = device;
    this.#guard = guard;
  }

  get(kernel: AnyKernel, variant: AnyVariant, constants: Constants | undefined): CompiledKernel {
    let pipelines = this.#pipelines.get(kernel);
    if (!pipelines) {
      pipelines = new Map();
      this.#pipelines.set(kernel, pipelines);
    }
    const key = constants === undefined ? variant.name : `${variant.name} ${JSON.stringify(constants)}`;
    let compiled = pipelines.get(key);
    if (!compiled) {
      compiled = this.#compile(kernel, variant, constants ?? {});
      pipelines.set(key, compiled);
    }
    return compiled;
  }

  #compile(kernel: AnyKernel, variant: AnyVariant, constants: Constants): CompiledKernel {
    const label = `${kernel.name}/${variant.name}`;
    const { layout, pipelineLayout, id } = this.#layout(kernel);
    const code = specialise(variant.wgsl ?? kernel.wgsl, { ...variant.constants, ...constants }, kernel.name);
    const pipeline = this.#guard(label, () => {
      const module = this.#device.createShaderModule({ label, code });
      return this.#device.createComputePipeline({
        label,
        layout: pipelineLayout,
        compute: { module, entryPoint: "main" },
      });
    });
    return { pipeline, layout, layoutId: id };
  }

  #layout(kernel: AnyKernel) {
    let entry = this.#layouts.get(kernel);
    if (entry) return entry;
    const names = Object.keys(kernel.bindings);
    const entries: GPUBindGroupLayoutEntry[] = names.map((name, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: kernel.bindings[name]?.access === "read" ? "read-only-storage" : "storage" },
    }));
    entries.push({
      binding: names.length,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: kernel.layout.bytes },
    });
    entry = this.#guard(kernel.name, () => {
      const layout = this.#device.createBindGroupLayout({ label: kernel.name, entries });
      const pipelineLayout = this.#device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] });
      return { layout, pipelineLayout, id: this.#layouts.size };
    });
    this.#layouts.set(kernel, entry);
    return entry;
  }
}
