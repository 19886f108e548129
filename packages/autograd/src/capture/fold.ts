// Activations that a producer can apply itself, so that its result is written once instead of written, read and written.
import { conv2dForward, elementwiseUnary, matmul } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import { accesses, lifetimes } from "./optimise.js";
import type { TracedCall, TracedCommand } from "./trace.js";

/** Kernels whose one-line function `activate(v)` takes an expression. */
const PRODUCERS: ReadonlySet<unknown> = new Set([matmul, conv2dForward]);

/** The activation as an expression of `v`; undefined when it needs more than its operand and WGSL's own functions. */
function asEpilogue({ constants = {} }: TracedCall): string | undefined {
  const { f, A, Y } = constants;
  if (!f || A !== "f32" || Y !== "f32") return undefined;
  const selfContained = !/params\.|_f32\b|is_nan/.test(f);
  return selfContained ? f.replace(/\ba\b/g, "v") : undefined;
}

/** Folds an activation into the matmul or convolution before it, when nobody else wants the value between the two. */
export function foldEpilogues(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
): TracedCommand[] {
  const spans = lifetimes(commands);
  const uses = new Map<Storage, number>();
  for (const command of commands)
    for (const { view } of accesses(command)) uses.set(view.storage, (uses.get(view.storage) ?? 0) + 1);
  const folded = [...commands] as (TracedCommand | undefined)[];
  for (const [i, command] of commands.entries()) {
    if (command.kind !== "call" || command.kernel !== elementwiseUnary) continue;
    const { a, y } = command.views;
    const activate = asEpilogue(command);
    if (!a || !y || !activate || !isPlanned(a.storage) || seen.has(a.storage)) continue;
    const at = spans.get(a.storage)?.first as number;
    const producer = folded[at];
    if (producer?.kind !== "call" || !PRODUCERS.has(producer.kernel) || producer.constants?.activate) continue;
    const target = producer.views.y;
    // One use by the producer, one by the activation; the result must not be in use yet.
    if (target?.storage !== a.storage || uses.get(a.storage) !== 2 || spans.get(y.storage)?.first !== i) continue;
    if (target.offset !== a.offset || target.bytes !== a.bytes) continue;
    folded[at] = {
      ...producer,
      views: { ...producer.views, y },
      constants: { ...producer.constants, activate },
      label: `${producer.label} + ${command.label}`,
    };
    folded[i] = undefined;
  }
  return folded.filter((command) => command !== undefined);
}
