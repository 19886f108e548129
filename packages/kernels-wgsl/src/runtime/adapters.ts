import { NoAdapterError } from "../errors.js";
import { type AdapterDescription, Device } from "./device.js";

export interface OpenOptions {
  /**
   * Which adapter: `hardware`, `lavapipe`, `swiftshader`, or a part of an adapter's name. Default: hardware when there is
   * some, else an installed software Vulkan, else the SwiftShader that npm brings (Node), or the browser's own choice.
   */
  adapter?: string | undefined;
}

export interface FoundAdapter {
  adapter: GPUAdapter;
  /** The GPU object the adapter came from. */
  gpu: GPU;
  /** Driver files or registry the adapter came from, in words. */
  origin: string;
}

/** Finds an adapter for a name, or throws NoAdapterError. */
export type AdapterFinder = (name: string | undefined) => Promise<FoundAdapter>;

let finder: AdapterFinder = findInBrowser;

/** The Node entry puts Dawn here; without it the browser's `navigator.gpu` is asked. */
export function setAdapterFinder(find: AdapterFinder): void {
  finder = find;
}

const observers: ((device: Device) => void)[] = [];

/** Calls `observer` with every device that openDevice opens from now on. */
export function observeDevices(observer: (device: Device) => void): void {
  observers.push(observer);
}

async function findInBrowser(name: string | undefined): Promise<FoundAdapter> {
  const gpu = globalThis.navigator?.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!gpu || !adapter) {
    throw new NoAdapterError({
      op: "openDevice",
      argument: "adapter",
      expected: "a browser with WebGPU",
      given: gpu ? "no adapter" : "no navigator.gpu",
    });
  }
  const description = describe(adapter);
  if (name !== undefined && !matches(description, name)) {
    throw new NoAdapterError({ op: "openDevice", argument: "adapter", expected: name, given: description.name });
  }
  return { adapter, gpu, origin: "navigator.gpu" };
}

/** Whether `name` asks for this adapter. */
export function matches(description: AdapterDescription, name: string): boolean {
  const wanted = name.toLowerCase();
  return (
    description.kind === wanted ||
    (wanted === "software" && description.kind !== "hardware") ||
    description.name.toLowerCase().includes(wanted)
  );
}

/** Names an adapter and tells software from hardware by what drivers say of themselves. */
export function describe(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description: driver } = adapter.info;
  const text = `${vendor} ${architecture} ${device} ${driver}`.toLowerCase();
  const software = architecture === "software" || /software|basic render/.test(text);
  const kind = /llvmpipe|lavapipe/.test(text)
    ? "lavapipe"
    : /swiftshader/.test(text)
      ? "swiftshader"
      : software
        ? "software"
        : "hardware";
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) limits[key] = adapter.limits[key as keyof GPUSupportedLimits] as number;
  const model = [vendor, architecture, device].filter((part) => part !== "").join(" ") || "unnamed adapter";
  return {
    kind,
    name: kind === "hardware" || kind === "software" ? `${model}` : `${kind} (${driver})`,
    vendor,
    architecture,
    driver,
    features: [...adapter.features].sort(),
    limits,
  };
}

/** Opens a device. Throws NoAdapterError when there is no adapter, or not the one that was asked for. */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  const { adapter } = await finder(options.adapter);
  const device = await Device.open(adapter, describe(adapter));
  for (const observe of observers) observe(device);
  return device;
}

/** What `openDevice` would open, without opening it. */
export async function findAdapter(options: OpenOptions = {}): Promise<AdapterDescription & { origin: string }> {
  const found = await finder(options.adapter);
  return { ...describe(found.adapter), origin: found.origin };
}

/**
 * A `navigator.gpu` on the driver that openDevice would take, for programs that bring their own WebGPU code (the bench puts
 * its peers on it).
 */
export async function findGpu(options: OpenOptions = {}): Promise<GPU> {
  return (await finder(options.adapter)).gpu;
}
