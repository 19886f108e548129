import { adopt, scope, unscoped } from "../scope.js";
import { Storage } from "../storage.js";
import { isRecording, releaseGraph, setRecording } from "../tape.js";
import { Tensor } from "../tensor.js";
import type { CaptureOptions, CaptureResult } from "./captured.js";
import type { InputGroup } from "./inputs.js";
import { Trace, type TraceView, withTrace } from "./trace.js";

export type Body<R> = (inputs: Tensor[]) => CaptureResult<R>;

/** Where a result lies in the trace, and whose gradient flows through it. */
export interface TracedOutput {
  readonly shape: readonly number[];
  readonly dtype: Tensor["dtype"];
  readonly place: TraceView;
  /** A tensor from outside, or the place of an input, that was returned as it is. */
  readonly same: WeakRef<Tensor> | number | undefined;
}

/** What one call of a function would do, before anything is made of it. */
export interface Traced<R> {
  readonly trace: Trace;
  /** Storages that stand for the groups of inputs. */
  readonly standIns: readonly Storage[];
  readonly rest: R;
  readonly outputs: readonly TracedOutput[];
  /** Storages made in the trace that are returned. */
  readonly returned: ReadonlySet<Storage>;
  /** Storages made in the trace that handles outside the function still see: a gradient that a parameter keeps. */
  readonly kept: ReadonlySet<Storage>;
  /** Those handles. */
  readonly handles: readonly Tensor[];
}

/** Runs `body` on stand-ins for the inputs, with ops going into a trace instead of to the device. */
export function traceBody<R>(
  inputs: readonly Tensor[],
  groups: readonly InputGroup[],
  body: Body<R>,
  options: CaptureOptions,
): Traced<R> {
  const trace = new Trace();
  const standIns: Storage[] = [];
  const given: Tensor[] = [];
  const copies: Storage[] = [];
  const call = () => {
    for (const { members, offset, end } of groups) {
      const storage = new Storage(end - offset, "input");
      standIns.push(storage);
      for (const i of members) {
        const { shape, dtype, offset: start } = inputs[i] as Tensor;
        given[i] = adopt(new Tensor(shape, dtype, storage.retain(), start - offset));
      }
    }
    const recording = isRecording();
    const result = body([...given]);
    const after = isRecording();
    if (after !== recording) trace.hostWork.push({ kind: "action", action: () => setRecording(after) });
    return { ...result, places: result.outputs.map((output) => placeOf(trace, output, copies)) };
  };
  try {
    const { outputs: results, places, rest } = unscoped(() => withTrace(trace, () => scope(call)));
    if (trace.failure) throw trace.failure;
    for (const storage of standIns) trace.planned.delete(storage);
    const outputs = results.map((output, i): TracedOutput => {
      const input = given.indexOf(output);
      const same = input >= 0 ? input : trace.made.has(output) ? undefined : new WeakRef(output);
      return { shape: output.shape, dtype: output.dtype, place: places[i] as TraceView, same };
    });
    const returned = new Set(places.map(({ storage }) => storage).filter((storage) => trace.planned.has(storage)));
    // A use of the plan's own keeps shared results among those that handles see.
    if (options.outputs === "shared") for (const storage of returned) storage.retain();
    for (const output of results) {
      if (!trace.made.has(output)) continue;
      releaseGraph(output);
      output.dispose("returned inside a captured function: use what the call returned");
    }
    for (const storage of copies) storage.release();
    const kept = new Set([...trace.planned].filter(({ alive }) => alive));
    const handles = [...trace.made].filter((tensor) => !tensor.disposed && kept.has(tensor.storage));
    trace.made.clear();
    return { trace, standIns, rest, outputs, returned, kept, handles };
  } catch (error) {
    trace.release();
    throw trace.failure ?? error;
  }
}

/** Where a result lies. What the host sent is the plan's for good: a caller gets a copy. */
function placeOf(trace: Trace, output: Tensor, copies: Storage[]): TraceView {
  const { place } = output;
  if (!trace.constants.includes(place.storage)) return place;
  const storage = new Storage(place.bytes, "activation");
  const copy = { storage, offset: 0, bytes: place.bytes };
  trace.copy(place, copy);
  copies.push(storage);
  return copy;
}
