// Elementwise ops of one size that follow one another become one kernel: each value is read and written once.
import {
  CHAIN_OPERANDS,
  type ChainOperand,
  type ChainStep,
  type ChainValue,
  chainGeometry,
  chainOf,
  elementwiseBinary,
  elementwiseChain,
  elementwiseTernary,
  elementwiseUnary,
  expressionOf,
  fill,
  isLiteral,
  type PlanParams,
} from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import { loopOf, usesOf } from "./optimise.js";
import type { TracedCall, TracedCommand, TraceView } from "./trace.js";

/** Steps of one chain: beyond that the shader only grows. */
const STEPS = 16;

/** A chain under construction and where its operands lie. */
interface Draft {
  readonly views: TraceView[];
  readonly operands: ChainOperand[];
  readonly steps: ChainStep[];
  /** Whether it writes halves. */
  readonly packed: boolean;
  readonly count: number;
  readonly y: TraceView;
  readonly label: string;
  /** Whether it does more than the call it began as. */
  readonly grown: boolean;
}

const ELEMENTWISE: ReadonlySet<unknown> = new Set([elementwiseUnary, elementwiseBinary, elementwiseTernary]);

/** A call as a chain of one step; undefined when it broadcasts along some axes only, or is no elementwise call. */
function draftOf(call: TracedCall): Draft | undefined {
  const chain = call.kernel === elementwiseChain ? chainOf(call.constants) : undefined;
  if (chain) {
    return {
      views: chain.operands.map((_, i) => call.views["abcd"[i] as string] as TraceView),
      operands: [...chain.operands],
      steps: [...chain.steps],
      packed: chain.packed === true,
      count: call.params.count as number,
      y: call.views.y as TraceView,
      label: call.label,
      grown: false,
    };
  }
  const expression = ELEMENTWISE.has(call.kernel) ? expressionOf(call.constants) : undefined;
  const { y } = call.views;
  if (!expression || !y) return undefined;
  const { name, dtypes } = expression;
  const { count, s0, s1, rank = 1, axes = [] } = call.params as PlanParams & Record<"count" | "s0" | "s1", number>;
  if (rank !== 1 || ![s0, s1].every(isLiteral)) return undefined;
  const strides = dtypes.map((_, i) => (dtypes.length === 1 ? 1 : ((axes as readonly number[])[1 + i] as number)));
  if (strides.some((stride) => stride > 1)) return undefined;
  return {
    views: dtypes.map((_, i) => call.views["abc"[i] as string] as TraceView),
    operands: dtypes.map((dtype, i) => ({ dtype, repeated: strides[i] === 0 && count > 1 })),
    steps: [{ name, dtypes, from: dtypes.map((_, operand) => ({ operand })), s0, s1 }],
    packed: false,
    count,
    y,
    label: call.label,
    grown: false,
  };
}

/** The number that a fill of one element writes, as it is read by an operand; undefined when a shader cannot say it. */
function literalOf(call: TracedCall | undefined, { dtype, packed }: ChainOperand): number | undefined {
  if (call?.kernel !== fill || call.params.count !== 1) return undefined;
  if (packed) return (call.params.bits as number) & 0xffff;
  const bits = Uint32Array.of(call.params.bits as number);
  if (dtype !== "f32") return dtype === "u32" ? (bits[0] as number) : (bits[0] as number) | 0;
  const [value] = new Float32Array(bits.buffer) as unknown as [number];
  return isLiteral(value) ? value : undefined;
}

const sameView = (a: TraceView, b: TraceView): boolean => a.storage === b.storage && a.offset === b.offset;

/**
 * `draft` with operand `at`, wherever it stands, computed in place by `producer`, or by a literal; undefined when it would grow
 * too large.
 */
function absorb(draft: Draft, at: number, producer: Draft | number): Draft | undefined {
  const views: TraceView[] = [];
  const operands: ChainOperand[] = [];
  const sameOperand = (a: ChainOperand | undefined, b: ChainOperand | undefined): boolean =>
    a?.dtype === b?.dtype && a?.repeated === b?.repeated && !a?.packed === !b?.packed;
  const taken = draft.views[at] as TraceView;
  const isTaken = (view: TraceView, i: number): boolean =>
    sameView(view, taken) && sameOperand(draft.operands[i], draft.operands[at]);
  const place = (view: TraceView, operand: ChainOperand): ChainValue => {
    const known = views.findIndex((other, i) => sameView(other, view) && sameOperand(operands[i], operand));
    if (known >= 0) return { operand: known };
    views.push(view);
    return { operand: operands.push(operand) - 1 };
  };
  const steps: ChainStep[] = [];
  const append = (from: Draft, replace: ChainValue | undefined): void => {
    const first = steps.length;
    const values = from.views.map((view, i) =>
      replace && isTaken(view, i) ? replace : place(view, from.operands[i] as ChainOperand),
    );
    for (const step of from.steps) {
      const moved = step.from.map((value): ChainValue => {
        if ("literal" in value) return value;
        return "step" in value ? { step: value.step + first } : (values[value.operand] as ChainValue);
      });
      steps.push({ ...step, from: moved });
    }
  };
  let replacement: ChainValue;
  if (typeof producer === "number") replacement = { literal: producer };
  else {
    append(producer, undefined);
    replacement = { step: steps.length - 1 };
  }
  append(draft, replacement);
  if (operands.length > CHAIN_OPERANDS || steps.length > STEPS) return undefined;
  const label = typeof producer === "number" ? draft.label : `${producer.label} + ${draft.label}`;
  return { ...draft, views, operands, steps, label, grown: true };
}

/**
 * Fuses elementwise calls whose results only the next one takes, and numbers that were filled into memory to be read once.
 * `isFixed` says of a call, by number, that its params are the same in every run. Bits stay the same.
 */
export function fuseChains(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
  isFixed: (call: number) => boolean,
): TracedCommand[] {
  const uses = usesOf(commands);
  const writes = usesOf(commands, true);
  const result = [...commands] as (TracedCommand | undefined)[];
  const drafts = new Map<number, Draft>();

  /** What makes a value that is written once, and by whom. */
  const maker = (view: TraceView, at: number): { place: number; call: TracedCall } | undefined => {
    const places = writes.get(view.storage) ?? [];
    const [place] = places;
    if (place === undefined || place >= at || places.length > 1 || !isPlanned(view.storage)) return undefined;
    const call = commands[place];
    return call?.kind === "call" && isFixed(call.number) ? { place, call } : undefined;
  };
  /** Whether a draft made at `place` gives the same when it is computed at `at` instead. */
  const canWait = (draft: Draft, place: number, at: number): boolean =>
    draft.views.every((view) => (writes.get(view.storage) ?? []).every((write) => write < place || write > at));

  for (const [at, command] of commands.entries()) {
    let draft = command.kind === "call" && isFixed(command.number) ? draftOf(command) : undefined;
    if (!draft) continue;
    for (let i = 0; i < draft.views.length; ) {
      const current: Draft = draft;
      const view = current.views[i] as TraceView;
      const operand = current.operands[i] as ChainOperand;
      const made = maker(view, at);
      const literal = operand.repeated || current.count === 1 ? literalOf(made?.call, operand) : undefined;
      let next: Draft | undefined;
      const producer = made && drafts.get(made.place);
      if (literal !== undefined) next = absorb(current, i, literal);
      else if (
        made &&
        producer &&
        !operand.repeated &&
        producer.count === current.count &&
        made.call.loop === loopOf(command) &&
        producer.y.offset === view.offset
      ) {
        const alone =
          !seen.has(view.storage) && (uses.get(view.storage) ?? []).every((use) => use === made.place || use === at);
        // Halves are widened again for each that takes them: fewer bytes are read. What nobody takes any more is dropped.
        const again = producer.steps.length === 1 && producer.operands[0]?.packed === true && !producer.packed;
        if ((alone || again) && canWait(producer, made.place, at)) next = absorb(current, i, producer);
        // What is left of the value would be read from memory that nobody writes any more.
        if (next?.views.some(({ storage }) => storage === view.storage)) next = undefined;
        if (next) {
          if (alone) result[made.place] = undefined;
          for (const taken of producer.views) uses.get(taken.storage)?.push(at);
        }
      }
      // A chain has other operands than before: they are looked at anew.
      i = next ? 0 : i + 1;
      draft = next ?? current;
    }
    drafts.set(at, draft);
    if (!draft.grown) continue;
    const { params, constants } = chainGeometry(
      { operands: draft.operands, steps: draft.steps, packed: draft.packed },
      draft.count,
    );
    const views: Record<string, TraceView> = { y: draft.y };
    for (const [i, view] of draft.views.entries()) views["abcd"[i] as string] = view;
    result[at] = { ...(command as TracedCall), kernel: elementwiseChain, views, params, constants, label: draft.label };
  }
  return result.filter((command) => command !== undefined);
}
