import type { BindingArrays, KernelCase } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { RecurrentActivation, RecurrentCell, RecurrentStepOptions, RecurrentStepParams } from "./recurrent.js";

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** Values, and derivatives by the value. */
const activations: Readonly<Record<RecurrentActivation, readonly [(v: number) => number, (y: number) => number]>> = {
  tanh: [Math.tanh, (y) => 1 - y * y],
  sigmoid: [sigmoid, (y) => y * (1 - y)],
  relu: [(v) => (v < 0 ? 0 : v), (y) => (y <= 0 ? 0 : 1)],
  linear: [(v) => v, () => 1],
  hard_sigmoid: [(v) => Math.min(1, Math.max(0, v / 6 + 0.5)), (y) => (y > 0 && y < 1 ? 1 / 6 : 0)],
};

type Reference = (inputs: BindingArrays, params: KernelCase["params"], constants: Constants) => BindingArrays;

/** The plain definition of a step of a cell, forward or backward, in f64. */
export function recurrentStepReference(
  cell: RecurrentCell,
  direction: "forward" | "backward",
  { activation, recurrentActivation, order }: RecurrentStepOptions,
): Reference {
  const [activate, activateSlope] = activations[activation];
  const [gate, gateSlope] = activations[recurrentActivation];
  const [r, z] = order === "rzn" ? [0, 1] : [1, 0];
  return (inputs, given) => {
    const p = given as unknown as RecurrentStepParams;
    const outputs: BindingArrays = {};
    for (const name of WRITTEN[cell][direction]) outputs[name] = Float32Array.from(inputs[name] as Float32Array);
    const get = (name: string, i: number): number => (inputs[name] as Float32Array)[i] as number;
    const put = (name: string, i: number, value: number): void => {
      (outputs[name] as Float32Array)[i] = value;
    };
    for (let b = 0; b < p.batch; b++)
      for (let j = 0; j < p.units; j++) {
        const i = b * p.units + j;
        const [from, to] = [p.from_row, p.to_row].map((row) => row * p.batch * p.units + i) as [number, number];
        const of = (gates: number, k: number): number => ((p.t * p.batch + b) * gates + k) * p.units + j;
        const own = (gates: number, k: number): number => (b * gates + k) * p.units + j;
        const absent = p.masked !== 0 && (inputs.mask as Uint32Array)[p.t * p.batch + b] === 0;
        if (direction === "forward") {
          const before = get("h", from);
          if (cell === "rnn") {
            put("h", to, absent ? before : activate(get("x", of(1, 0)) + get("g", own(1, 0))));
          } else if (cell === "lstm") {
            const sums = [0, 1, 2, 3].map((k) => get("x", of(4, k)) + get("g", own(4, k))) as [
              number,
              number,
              number,
              number,
            ];
            const [input, forget, candidate, output] = [gate(sums[0]), gate(sums[1]), activate(sums[2]), gate(sums[3])];
            const c = forget * get("cells", from) + input * candidate;
            put("cells", to, absent ? get("cells", from) : c);
            put("h", to, absent ? before : output * activate(c));
            for (const [k, value] of [input, forget, candidate, output].entries()) put("gates", of(4, k), value);
          } else {
            const reset = gate(get("x", of(3, r)) + get("g", own(3, r)));
            const update = gate(get("x", of(3, z)) + get("g", own(3, z)));
            const inner = get("g", own(3, 2));
            const candidate = activate(get("x", of(3, 2)) + reset * inner);
            put("h", to, absent ? before : (1 - update) * candidate + update * before);
            for (const [k, value] of [reset, update, candidate, inner].entries()) put("gates", of(4, k), value);
          }
          continue;
        }
        const passing = cell === "gru" || p.masked !== 0;
        const grad = get("dy", to) + get("dh", i) + (passing ? get("direct", i) : 0);
        if (passing) put("direct", i, absent ? grad : 0);
        if (cell === "rnn") {
          put("dx", of(1, 0), absent ? 0 : grad * activateSlope(get("h", to)));
        } else if (cell === "lstm") {
          const [input, forget, candidate, output] = [0, 1, 2, 3].map((k) => get("gates", of(4, k))) as [
            number,
            number,
            number,
            number,
          ];
          const top = activate(get("cells", to));
          const dc = get("dc", i) + grad * output * activateSlope(top);
          const sums = [
            dc * candidate * gateSlope(input),
            dc * get("cells", from) * gateSlope(forget),
            dc * input * activateSlope(candidate),
            grad * top * gateSlope(output),
          ];
          for (const [k, value] of sums.entries()) put("dx", of(4, k), absent ? 0 : value);
          put("dc", i, absent ? get("dc", i) : dc * forget);
        } else {
          const [reset, update, candidate, inner] = [0, 1, 2, 3].map((k) => get("gates", of(4, k))) as [
            number,
            number,
            number,
            number,
          ];
          const dn = grad * (1 - update) * activateSlope(candidate);
          const dr = dn * inner * gateSlope(reset);
          const dz = grad * (get("h", from) - candidate) * gateSlope(update);
          for (const [name, own] of [
            ["dx", dn],
            ["dg", dn * reset],
          ] as const) {
            put(name, of(3, r), absent ? 0 : dr);
            put(name, of(3, z), absent ? 0 : dz);
            put(name, of(3, 2), absent ? 0 : own);
          }
          if (!absent) put("direct", i, grad * update);
        }
      }
    return outputs;
  };
}

/** Bindings that a step writes rows of. */
const WRITTEN: Readonly<Record<RecurrentCell, Readonly<Record<"forward" | "backward", readonly string[]>>>> = {
  lstm: { forward: ["h", "cells", "gates"], backward: ["dc", "direct", "dx"] },
  gru: { forward: ["h", "gates"], backward: ["direct", "dx", "dg"] },
  rnn: { forward: ["h"], backward: ["direct", "dx"] },
};
