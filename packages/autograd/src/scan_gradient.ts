// The gradient of a scan: step by step back, each through a graph of its own.

import { backward } from "./backward.js";
import { recordCustom } from "./custom.js";
import { isFloating } from "./dtype.js";
import { zeros } from "./ops/create.js";
import { add } from "./ops/elementwise.js";
import { reshape, sliceAlong, stack } from "./ops/shape.js";
import type { Step } from "./scan.js";
import type { LoopGiven, TracedSteps } from "./scan_loop.js";
import { adopt, scope } from "./scope.js";
import { innerVariable, isRecording, madeSince, type Node, type SavedTensor, serialNow } from "./tape.js";
import { Tensor } from "./tensor.js";

/** A step as the way back sees it. */
export interface RecordedStep {
  /** Values it was given, undefined where no gradient flows. */
  readonly given: { readonly carry: readonly (Node | undefined)[]; readonly rows: readonly (Node | undefined)[] };
  /** Shape, dtype and node of what it made. */
  readonly made: Step;
  /** Values from outside that it used beside what it was given. */
  readonly borders: readonly Node[];
  /** Serial number of its first application. */
  readonly since: number;
  readonly saved: readonly SavedTensor[];
}

/** Gradients on their way back: of the state before a step, and of values from outside as far as they have been added up. */
export interface Flow {
  readonly carry: readonly (Tensor | undefined)[];
  readonly borders: readonly (Tensor | undefined)[];
}

/** Which gradients are asked for. */
export interface Wanted {
  readonly rows: readonly boolean[];
  /** Undefined for those that are not. */
  readonly borders: readonly (Node | undefined)[];
}

/** Row of a tensor. */
export const rowOf = (x: Tensor, i: number): Tensor => reshape(sliceAlong(x, 0, i, i + 1), x.shape.slice(1));

/** Calls a step on variables of its own, through which gradients flow on as they flowed. */
export function recordStep(
  step: (carry: readonly Tensor[], rows: readonly Tensor[]) => Step,
  carry: readonly Tensor[],
  rows: readonly Tensor[],
): { made: Step; recorded: RecordedStep } {
  const [ownCarry, ownRows] = [carry.map(ownVariable), rows.map(ownVariable)];
  const nodes = (tensors: readonly Tensor[]): (Node | undefined)[] => tensors.map(({ node }) => node);
  const given = { carry: nodes(ownCarry), rows: nodes(ownRows) };
  const since = serialNow();
  const made = step(ownCarry, ownRows);
  const own = new Set([...given.carry, ...given.rows]);
  const { inside, borders } = madeSince(since, [...made.carry, ...made.rows]);
  return {
    made,
    recorded: {
      given,
      made: { carry: made.carry.map(outline), rows: made.rows.map(outline) },
      borders: borders.filter((node) => !own.has(node)),
      since,
      saved: inside.flatMap(({ saved }) => saved ?? []),
    },
  };
}

function ownVariable(x: Tensor): Tensor {
  if (!x.node) return x;
  const own = adopt(x.alias());
  innerVariable(own, x.node);
  return own;
}

/** A tensor without its memory. */
function outline({ shape, dtype, node }: Tensor): Tensor {
  const same = new Tensor(shape, dtype, undefined);
  same.node = node;
  return same;
}

/** Takes the steps of a scan one by one, but for the first where that was taken. Rows are in the order of `xs`, and not yet stacked. */
export function takeSteps(
  { count, reverse, init, xs, step, records }: LoopGiven,
  begun: TracedSteps | undefined,
): { steps: RecordedStep[]; carry: readonly Tensor[]; rows: Tensor[][] } {
  let carry = begun?.first.carry ?? init;
  const made = begun ? [begun.first.rows] : [];
  const steps = begun?.recorded ? [begun.recorded] : [];
  for (let i = made.length; i < count; i++) {
    const rows = xs.map((x) => rowOf(x, reverse ? count - 1 - i : i));
    const next = records ? recordStep(step, carry, rows) : { made: step(carry, rows), recorded: undefined };
    if (next.recorded) steps.push(next.recorded);
    carry = next.made.carry;
    made.push(next.made.rows);
  }
  if (reverse) made.reverse();
  const [first] = made as [readonly Tensor[]];
  return { steps, carry, rows: first.map((_, k) => made.map((rows) => rows[k] as Tensor)) };
}

/** One step back. `rows` are the gradients of the rows it made; those of the rows it was given come with what flows on. */
export function stepBack(
  { given, made, since }: RecordedStep,
  flow: Flow,
  rows: readonly (Tensor | undefined)[],
  wanted: Wanted,
): Flow & { readonly rows: readonly (Tensor | undefined)[] } {
  return scope(() => {
    const reached = [...made.carry, ...made.rows].flatMap((output, i) => {
      const dy = [...flow.carry, ...rows][i];
      return output.node && dy ? [{ output, dy }] : [];
    });
    const rowNodes = given.rows.map((node, j) => (wanted.rows[j] ? node : undefined));
    const asked = [...given.carry, ...rowNodes, ...wanted.borders].flatMap((node) => (node ? [node] : []));
    const found = backward(
      reached.map(({ output }) => output),
      new Set(asked),
      { cotangents: reached.map(({ dy }) => dy), createGraph: isRecording(), retainGraph: true, since },
    );
    for (const part of found.values()) adopt(part);
    const part = (node: Node | undefined): Tensor | undefined => node && found.get(node);
    return {
      carry: given.carry.map(part),
      rows: rowNodes.map(part),
      borders: wanted.borders.map((node, b) => {
        const [sum, more] = [flow.borders[b], part(node)];
        return sum && more ? add(sum, more) : (sum ?? more);
      }),
    };
  });
}

/** Gradients of the first state, of the rows and of the borders, given those of the last state and of the rows that were made. */
export type ScanPull = (
  cotangents: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  wanted: Wanted,
) => { carry: readonly (Tensor | undefined)[]; xs: readonly (Tensor | undefined)[]; borders: Flow["borders"] };

/** Values from outside that steps used, each once. */
export const bordersOf = (steps: readonly RecordedStep[]): Node[] => [
  ...new Set(steps.flatMap(({ borders }) => borders)),
];

/** The way back through steps that were recorded one by one. */
export function pullSteps(xs: readonly Tensor[], reverse: boolean, steps: readonly RecordedStep[]): ScanPull {
  return (cotangents, _, wanted) => {
    const states = steps[0]?.made.carry.length ?? 0;
    let flow: Flow = { carry: cotangents.slice(0, states), borders: wanted.borders.map(() => undefined) };
    const rows: (readonly (Tensor | undefined)[])[] = [];
    for (let i = steps.length - 1; i >= 0; i--) {
      const at = reverse ? steps.length - 1 - i : i;
      const dys = cotangents.slice(states).map((dy) => dy && rowOf(dy, at));
      const next = stepBack(steps[i] as RecordedStep, flow, dys, wanted);
      const goesOn = new Set([...next.carry, ...next.borders, ...next.rows, ...cotangents]);
      for (const old of [...flow.carry, ...flow.borders, ...dys]) if (!goesOn.has(old)) old?.dispose();
      flow = next;
      rows[at] = next.rows;
    }
    return {
      ...flow,
      xs: xs.map((x, j) => {
        if (!rows.some((all) => all[j])) return undefined;
        return stack(
          rows.map((all) => all[j] ?? zeros(x.shape.slice(1))),
          0,
        );
      }),
    };
  };
}

/** Enters the results of a scan into the graph: one application, whose gradient is that of its steps. */
export function recordScan(
  op: string,
  init: readonly Tensor[],
  xs: readonly Tensor[],
  steps: readonly RecordedStep[],
  { carry, rows }: Step,
  pull: ScanPull,
  saved: readonly Tensor[] = [],
): Step {
  const borders = bordersOf(steps);
  const outside = borders.map((node) => {
    const same = new Tensor(node.shape, "float32", undefined);
    same.node = node;
    return same;
  });
  const flows = (x: Tensor, made: readonly (Tensor | undefined)[]): boolean =>
    isFloating(x.dtype) && made.some((one) => one?.node);
  const differentiable = [
    ...carry.map((x, k) => flows(x, [steps.at(-1)?.made.carry[k]])),
    ...rows.map((x, j) =>
      flows(
        x,
        steps.map(({ made }) => made.rows[j]),
      ),
    ),
  ];
  const results = recordCustom(
    op,
    [...init, ...xs, ...outside],
    [...carry, ...rows],
    saved,
    (cotangents, kept, asked) => {
      const [first, second] = [init.length, init.length + xs.length];
      const found = pull(cotangents, kept, {
        rows: asked.slice(first, second),
        borders: borders.map((node, b) => (asked[second + b] ? node : undefined)),
      });
      return [...found.carry, ...found.xs, ...found.borders];
    },
    differentiable,
    steps.flatMap((step) => step.saved),
  );
  return { carry: results.slice(0, carry.length), rows: results.slice(carry.length) };
}
