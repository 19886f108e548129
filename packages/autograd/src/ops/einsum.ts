// Sums of products by labels of axes, as numpy's einsum.
import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { contract } from "./contract.js";
import { diagonal } from "./diagonal.js";
import { mul } from "./elementwise.js";
import { sum } from "./reduce.js";
import { reshape, transpose } from "./shape.js";

interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

const refuse = (expected: string, given: string): never => {
  throw new ArgumentError({ op: "einsum", argument: "equation", expected, given });
};

/** Labels of a term; axes of an ellipsis are numbered from the last. `room` is how many it stands for. */
function labelsOf(term: string, room: number): string[] {
  const [before, after] = term.split("...");
  if (after === undefined) return [...(before as string)];
  return [...(before as string), ...Array.from({ length: room }, (_, i) => `${room - 1 - i}`), ...after];
}

interface Parsed {
  readonly terms: readonly (readonly string[])[];
  readonly out: readonly string[];
}

/** The labels of every operand and of the result. Throws ArgumentError for what is no equation of so many operands. */
function parse(equation: string, operands: readonly Tensor[]): Parsed {
  const [left, right, ...more] = equation.replace(/\s/g, "").split("->");
  if (more.length > 0) refuse("at most one arrow", equation);
  const given = (left as string).split(",");
  if (given.length !== operands.length) refuse(`${operands.length} terms, one for each operand`, equation);
  for (const term of [...given, right ?? ""])
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) refuse("letters and at most one ellipsis a term", term);
  let widest = 0;
  const terms = given.map((term, i) => {
    const rank = operands[i]?.rank as number;
    const named = term.replace("...", "").length;
    const room = term.includes("...") ? rank - named : 0;
    if (room < 0 || (!term.includes("...") && named !== rank))
      throw new ShapeError({
        op: "einsum",
        argument: `operands[${i}]`,
        expected: `the axes of ${term || "a scalar"}`,
        given: formatShape(operands[i]?.shape ?? []),
      });
    widest = Math.max(widest, room);
    return labelsOf(term, room);
  });
  const all = terms.flat();
  const isLetter = (label: string): boolean => /[A-Za-z]/.test(label);
  const ellipsis = Array.from({ length: widest }, (_, i) => `${widest - 1 - i}`);
  if (right === undefined) {
    const once = [...new Set(all)].filter((label) => isLetter(label) && all.indexOf(label) === all.lastIndexOf(label));
    return { terms, out: [...ellipsis, ...once.sort()] };
  }
  const out = labelsOf(right, widest);
  if (new Set(out).size !== out.length) refuse("each label of the result once", equation);
  const unknown = out.find((label) => isLetter(label) && !all.includes(label));
  if (unknown !== undefined) refuse(`labels of the result among those of the operands, not ${unknown}`, equation);
  return { terms, out };
}

/** One axis for each label: of equal ones the diagonal. */
function withoutRepeats({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second < 0) return { x, labels };
  const label = labels[second] as string;
  const first = labels.indexOf(label);
  if (x.shape[first] !== x.shape[second])
    throw new ShapeError({
      op: "einsum",
      argument: "operands",
      expected: `one extent for both axes ${label}`,
      given: formatShape(x.shape),
    });
  const rest = labels.filter((_, d) => d !== first && d !== second);
  return withoutRepeats({ x: diagonal(x, { axis1: first, axis2: second }), labels: [...rest, label] });
}

/** Axes of extent 1 whose label has a larger extent elsewhere are taken away: what is left is repeated. */
function broadcastOver(operands: readonly Labelled[]): Labelled[] {
  const extents = new Map<string, number>();
  for (const { x, labels } of operands)
    for (const [d, label] of labels.entries()) {
      const [extent, before = 1] = [x.shape[d] as number, extents.get(label)];
      if (extent !== before && extent !== 1 && before !== 1)
        throw new ShapeError({
          op: "einsum",
          argument: "operands",
          expected: `one extent for axis ${label}`,
          given: `${before} and ${extent}`,
        });
      extents.set(label, extent === 1 ? before : extent);
    }
  return operands.map(({ x, labels }) => {
    const kept = labels.flatMap((label, d) => (x.shape[d] === 1 && extents.get(label) !== 1 ? [] : [d]));
    if (kept.length === labels.length) return { x, labels };
    return {
      x: reshape(
        x,
        kept.map((d) => x.shape[d] as number),
      ),
      labels: kept.map((d) => labels[d] as string),
    };
  });
}

/** Sums over the labels that nobody needs. */
function reduced({ x, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, d) => (needed.has(label) ? [] : [d]));
  if (axes.length === 0) return { x, labels };
  return { x: sum(x, { axes }), labels: labels.filter((label) => needed.has(label)) };
}

/** The axes in the order of `labels`, those that it lacks with extent 1. */
function aligned({ x, labels: own }: Labelled, labels: readonly string[]): Tensor {
  const order = labels.flatMap((label) => (own.includes(label) ? [own.indexOf(label)] : []));
  const moved = order.every((from, to) => from === to) ? x : transpose(x, order);
  return reshape(
    moved,
    labels.map((label) => (own.includes(label) ? (x.shape[own.indexOf(label)] as number) : 1)),
  );
}

function multiplied(a: Labelled, b: Labelled, out: readonly string[]): Labelled {
  const kept = out.filter((label) => a.labels.includes(label) || b.labels.includes(label));
  const summed = a.labels.filter((label) => !kept.includes(label));
  const shared = kept.every((label) => a.labels.includes(label) === b.labels.includes(label));
  // Products without sums, and of many short rows, are no matrix products.
  if (summed.length === 0 || shared || a.x.dtype !== "float32" || b.x.dtype !== "float32") {
    const all = [...kept, ...summed];
    const product = mul(aligned(a, all), aligned(b, all));
    return {
      x: summed.length === 0 ? product : sum(product, { axes: summed.map((_, i) => kept.length + i) }),
      labels: kept,
    };
  }
  return { x: contract(a.x, b.x, { a: a.labels, b: b.labels, out: kept }), labels: kept };
}

const sizeOf = (labels: Iterable<string>, extents: ReadonlyMap<string, number>): number =>
  [...labels].reduce((size, label) => size * (extents.get(label) as number), 1);

/** The pair to multiply next: whose result takes least beside what it replaces; of equal ones the first with fewest products. */
function cheapest(operands: readonly Labelled[], out: readonly string[]): [number, number] {
  const extents = new Map(
    operands.flatMap(({ x, labels }) => labels.map((label, d) => [label, x.shape[d] as number] as const)),
  );
  let best: { pair: [number, number]; grows: number; work: number } | undefined;
  for (let i = 0; i < operands.length; i++)
    for (let j = i + 1; j < operands.length; j++) {
      const [a, b] = [operands[i] as Labelled, operands[j] as Labelled];
      const others = operands.flatMap(({ labels }, o) => (o === i || o === j ? [] : labels));
      const all = new Set([...a.labels, ...b.labels]);
      const kept = [...all].filter((label) => out.includes(label) || others.includes(label));
      const grows = sizeOf(kept, extents) - a.x.size - b.x.size;
      const work = sizeOf(all, extents);
      if (!best || grows < best.grows || (grows === best.grows && work < best.work))
        best = { pair: [i, j], grows, work };
    }
  return (best as { pair: [number, number] }).pair;
}

/**
 * Sums of products of the operands by an equation, "ij,jk->ik": numpy's rules. Without "->" the result has the labels that occur once,
 * in order of the alphabet, after those of ellipses. A label repeated within a term is the diagonal; extents of 1 are repeated.
 * Pairs are multiplied in the order that takes least memory, by matrix products that read them where they lie where they can.
 *
 * Throws ArgumentError for an equation that is none, ShapeError where operands do not fit it.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  if (operands.length === 0)
    throw new ArgumentError({ op: "einsum", argument: "operands", expected: "at least one", given: "none" });
  const { terms, out } = parse(equation, operands);
  let left = broadcastOver(operands.map((x, i) => withoutRepeats({ x, labels: terms[i] as string[] })));
  const neededBy = (others: readonly Labelled[]): Set<string> =>
    new Set([...out, ...others.flatMap(({ labels }) => labels)]);
  left = left.map((one, i) => reduced(one, neededBy(left.filter((_, o) => o !== i))));
  while (left.length > 1) {
    const [i, j] = cheapest(left, out);
    const others = left.filter((_, o) => o !== i && o !== j);
    const last = others.length === 0;
    const [a, b] = [left[i] as Labelled, left[j] as Labelled];
    const kept = last ? out : [...neededBy(others)];
    left = [...others, multiplied(a, b, kept)];
  }
  return aligned(reduced(left[0] as Labelled, new Set(out)), out);
}
