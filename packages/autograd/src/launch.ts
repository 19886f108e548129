// Kernel calls on tensors: encoded at once, or entered into the trace of a function that is being captured.
import {
  type AnyKernel,
  type BindingSpec,
  type BufferView,
  type Constants,
  DtypeError,
  formatShape,
  type Kernel,
  type ParamType,
  type ParamValues,
  type PlanParams,
} from "@facet/kernels-wgsl";
import { everyRunsParams, tracing } from "./capture/trace.js";
import { isHalf, storageDtype } from "./dtype.js";
import { onHalves } from "./halves.js";
import { currentLayer } from "./layer.js";
import type { Tensor } from "./tensor.js";

/** Inputs of an op by name; an optional one may be undefined. */
export type OpInputs = Readonly<Record<string, Tensor | undefined>>;

let launching: { name: string; inputs: OpInputs } | undefined;

/** Runs `body`, whose launches are labelled with the op and its inputs. */
export function launchingAs<R>(name: string, inputs: OpInputs, body: () => R): R {
  const outer = launching;
  launching = { name, inputs };
  try {
    return body();
  } finally {
    launching = outer;
  }
}

/** Tensors for a kernel's bindings. */
export type TensorViews<B extends Record<string, BindingSpec>> = {
  readonly [K in keyof B as K extends "faults" ? never : B[K] extends { optional: true } ? never : K]: Tensor;
} & { readonly [K in keyof B as B[K] extends { optional: true } ? K : never]?: Tensor | undefined };

/**
 * Encodes a kernel call on tensors, or enters it into the trace when a function is being captured. Only for use inside an
 * op's forward and the optimisers. Params that differ from run to run (a step count, a random key) are given as a function,
 * which is called now and before every replay; they may not change shapes.
 */
export function launch<B extends Record<string, BindingSpec>, P extends Record<string, ParamType>>(
  kernel: Kernel<B, P>,
  tensors: TensorViews<B>,
  params: ParamValues<P> | (() => ParamValues<P>),
  constants?: Constants,
): void {
  const all = tensors as Record<string, Tensor | undefined>;
  const given: [string, Tensor][] = [];
  let halves = false;
  for (const name in all) {
    const tensor = all[name];
    if (!tensor) continue;
    given.push([name, tensor]);
    halves ||= isHalf(tensor.dtype);
  }
  const values = typeof params === "function" ? everyRunsParams(params) : params;
  const fresh = typeof params === "function" ? (params as () => PlanParams) : undefined;
  if (halves && kernel.halves)
    onHalves(kernel as AnyKernel, given, values, (kernel, given) => enter(kernel, given, values, fresh, constants));
  else enter(kernel as AnyKernel, given, values, fresh, constants);
}

/** Encodes or traces a call whose params are known; `fresh` computes them anew for every replay. */
function enter(
  kernel: AnyKernel,
  given: readonly (readonly [string, Tensor])[],
  values: PlanParams,
  fresh: (() => PlanParams) | undefined,
  constants: Constants | undefined,
): void {
  const label = launching ? `${launching.name}(${describeInputs(launching.inputs)})` : kernel.name;
  for (const [name, tensor] of given) {
    expectBindable(kernel, name, tensor);
    if (kernel.bindings[name]?.access === "read_write") tensor.storage.version += 1;
  }
  const layer = currentLayer();
  const trace = tracing();
  if (trace) {
    const views = Object.fromEntries(given.map(([name, tensor]) => [name, tensor.place]));
    trace.call({ kernel, views, params: values, constants, label, layer }, fresh);
    return;
  }
  const views: Record<string, BufferView> = {};
  for (const [name, tensor] of given) views[name] = tensor.view;
  const { device } = (given[0] as [string, Tensor])[1].storage;
  device.run(kernel, views as never, values as never, constants ? { label, layer, constants } : { label, layer });
}

/** A shader would read the words of another type as its own, and nothing would tell. */
function expectBindable(kernel: AnyKernel, name: string, { dtype }: Tensor): void {
  const given = storageDtype(dtype);
  const expected = kernel.storage?.formats[name] ?? (kernel.bindings[name]?.dtype as BindingSpec["dtype"] | undefined);
  if (expected === undefined || expected === given || expected.includes(given as never)) return;
  throw new DtypeError({ op: launching?.name ?? kernel.name, argument: name, expected: `${expected}`, given: dtype });
}

/** Copies a tensor's words to another of as many bytes in another memory, in order with kernel calls. */
export function copyTensor(source: Tensor, target: Tensor): void {
  target.storage.version += 1;
  const trace = tracing();
  if (trace) trace.copy(source.place, target.place);
  else source.storage.device.queue.copy(source.view, target.view);
}

function describeInputs(inputs: OpInputs): string {
  const parts: string[] = [];
  for (const name in inputs) if (inputs[name]) parts.push(`${name} ${formatShape(inputs[name].shape)}`);
  return parts.join(", ");
}
