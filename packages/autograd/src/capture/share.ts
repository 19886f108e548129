// Elementwise results that several commands would compute alike are computed once: what is widened for one op from halves is for others too.
import { elementwiseChain, sameParam } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import { loopOf, mapViews, usesOf } from "./optimise.js";
import type { TracedCall, TracedCommand, TraceView } from "./trace.js";

const isWhole = (view: TraceView): boolean => view.offset === 0 && view.bytes === view.storage.bytes;

const sameParams = (a: TracedCall["params"], b: TracedCall["params"]): boolean =>
  Object.keys(a).every((name) => sameParam(a[name], b[name]));

/**
 * Drops chains that compute what an earlier one has left in memory that nobody changes; `isFixed` says of a call, by number, that its params are
 * the same in every run.
 */
export function shareChains(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
  isFixed: (call: number) => boolean,
): TracedCommand[] {
  const writes = usesOf(commands, true);
  const known = new Map<Storage, { call: TracedCall; place: number }[]>();
  const moved = new Map<Storage, Storage>();
  const mine = (view: TraceView): TraceView => {
    const storage = moved.get(view.storage);
    return storage ? { ...view, storage } : view;
  };
  const kept: TracedCommand[] = [];
  for (const [place, command] of commands.entries()) {
    const now = moved.size === 0 ? command : mapViews(command, mine);
    kept.push(now);
    // What steps of a loop compute is theirs.
    if (now.kind !== "call" || loopOf(now) || now.kernel !== elementwiseChain || !isFixed(now.number)) continue;
    const { y, a } = now.views as Record<string, TraceView>;
    const lasts = (storage: Storage): boolean =>
      isPlanned(storage) && !seen.has(storage) && writes.get(storage)?.length === 1;
    if (!y || !a || !isWhole(y) || !lasts(y.storage)) continue;
    const others = known.get(a.storage) ?? [];
    known.set(a.storage, others);
    const found = others.find(
      ({ call, place: before }) =>
        call.constants === now.constants &&
        sameParams(call.params, now.params) &&
        ["a", "b", "c", "d"].every((name) => {
          const [one, other] = [call.views[name], now.views[name]];
          if (!one || !other) return one === other;
          const untouched = (writes.get(one.storage) ?? []).every((write) => write < before || write > place);
          return one.storage === other.storage && one.offset === other.offset && untouched;
        }),
    );
    if (!found) others.push({ call: now, place });
    else {
      kept.pop();
      moved.set(y.storage, (found.call.views.y as TraceView).storage);
    }
  }
  return kept;
}
