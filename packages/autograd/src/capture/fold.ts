// Calls that the one before them can do on the way, so that a result is written once instead of written, read and written.
import { elementwiseBinary, elementwiseUnary, expressionOf } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import { accesses, loopOf, usesOf } from "./optimise.js";
import type { TracedCall, TracedCommand, TraceView } from "./trace.js";

/** The activation as an expression of `v`; undefined when it needs more than its operand and WGSL's own functions. */
function asEpilogue({ constants = {} }: TracedCall): string | undefined {
  const { f, A, Y } = constants;
  if (!f || A !== "f32" || Y !== "f32") return undefined;
  const selfContained = !/params\.|_f32\b|is_nan/.test(f);
  return selfContained ? f.replace(/\ba\b/g, "v") : undefined;
}

/** Commands while folds rewrite them: removed ones leave a hole, so that places stay what they were. */
class Rewrite {
  readonly commands: (TracedCommand | undefined)[];
  readonly #isPlanned: (storage: Storage) => boolean;
  readonly #seen: ReadonlySet<Storage>;
  readonly #uses: Map<Storage, number[]>;

  constructor(
    commands: readonly TracedCommand[],
    isPlanned: (storage: Storage) => boolean,
    seen: ReadonlySet<Storage>,
  ) {
    this.commands = [...commands];
    this.#isPlanned = isPlanned;
    this.#seen = seen;
    this.#uses = usesOf(commands);
  }

  /** The call that made a value which only `at` uses, if there is one: `at` can then be folded into it. */
  soleProducer(view: TraceView | undefined, at: number): { place: number; call: TracedCall } | undefined {
    if (!view || !this.#isPlanned(view.storage) || this.#seen.has(view.storage)) return undefined;
    const [place, user, ...others] = this.#uses.get(view.storage) ?? [];
    if (place === undefined || user !== at || others.length > 0) return undefined;
    const call = this.commands[place];
    return call?.kind === "call" && call.loop === loopOf(this.commands[at]) ? { place, call } : undefined;
  }

  /** Whether the command at `at` is the first to use a value. */
  isFirstUse(view: TraceView | undefined, at: number): boolean {
    return view !== undefined && this.#uses.get(view.storage)?.[0] === at;
  }

  /** Lets the call at `place` do what the one at `at` did, which is dropped. */
  fold(place: number, at: number, call: TracedCall): void {
    const folded = this.commands[at] as TracedCall;
    this.commands[place] = { ...call, label: `${call.label} + ${folded.label}` };
    this.commands[at] = undefined;
    // From here on the folded call's result is the producer's.
    for (const { view } of accesses(folded)) {
      const uses = this.#uses.get(view.storage) ?? [];
      const index = uses.indexOf(at);
      if (index >= 0) uses[index] = place;
    }
  }
}

const samePlace = (a: TraceView | undefined, b: TraceView | undefined): boolean =>
  a?.storage === b?.storage && a?.offset === b?.offset && a?.bytes === b?.bytes;

/** An activation after a matmul or a convolution is applied before the result is stored. */
function foldActivation(rewrite: Rewrite, at: number, call: TracedCall): void {
  if (call.kernel !== elementwiseUnary) return;
  const { a, y } = call.views;
  const activate = asEpilogue(call);
  const producer = rewrite.soleProducer(a, at);
  if (!activate || !producer || !rewrite.isFirstUse(y, at)) return;
  const { kernel, views, constants } = producer.call;
  if (!kernel.folds?.activate || constants?.activate || !samePlace(views.y, a)) return;
  rewrite.fold(producer.place, at, {
    ...producer.call,
    views: { ...views, y },
    constants: { ...constants, activate },
  });
}

/** relu's gradient after that of max pooling, over the same values, is a gate on the window's maximum. */
function foldReluGradient(rewrite: Rewrite, at: number, call: TracedCall): void {
  if (call.kernel !== elementwiseBinary || expressionOf(call.constants)?.name !== "relu_backward") return;
  const { a, b, y } = call.views;
  const producer = rewrite.soleProducer(a, at);
  const gate = producer?.call.kernel.folds?.reluGradient;
  if (!producer || !gate || !rewrite.isFirstUse(y, at)) return;
  const { views, constants } = producer.call;
  if (!samePlace(views.dx, a) || !samePlace(views.x, b)) return;
  rewrite.fold(producer.place, at, {
    ...producer.call,
    views: { ...views, dx: y },
    constants: { ...constants, ...gate },
  });
}

/** Folds calls into the ones before them where nobody else wants the value between the two. Bits stay the same. */
export function foldCalls(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
): TracedCommand[] {
  const rewrite = new Rewrite(commands, isPlanned, seen);
  for (const [at, command] of commands.entries()) {
    if (command.kind !== "call") continue;
    foldActivation(rewrite, at, command);
    foldReluGradient(rewrite, at, command);
  }
  return rewrite.commands.filter((command) => command !== undefined);
}
