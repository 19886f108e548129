// Random programs of generate_torch.py, run by the torch dialect: eagerly, or traced and replayed.
import * as dialect from "@facet/shims-torch";
import { type Any, decode, type Encoded } from "../conformance/cases.js";

const torch: Any = dialect;

/** A program: inputs, then steps that refer to what came before as { r: index }, and what PyTorch gave. */
export interface Program {
  readonly id: string;
  readonly area: string;
  readonly inputs: readonly (Encoded & { readonly req?: boolean })[];
  readonly steps: readonly (readonly [op: string, args: Any[], keywords: Record<string, Any>])[];
  /** How gradients are taken; "double" those of gradients. */
  readonly grad: null | "backward" | "grad" | "double";
  readonly expect: Any;
  readonly [key: string]: Any;
}

export interface Held {
  readonly t: string;
  readonly s: readonly number[];
  readonly v: ArrayLike<number>;
}

/** What a program gives. `first` are the gradients that "double" differentiates again. */
export interface Results {
  readonly outs: (Held | null)[];
  first?: (Held | null)[];
  grads?: (Held | null)[];
  trace?: (Held | null)[][];
  norms?: (Held | null)[];
}

/** The case and what is run do not fit each other: no fault of the dialect. */
export class Mismatch extends Error {}

export function make(encoded: Encoded, wantsGrad = false): Any {
  const values = decode(encoded);
  const dtype = torch[encoded.t];
  const given =
    encoded.t === "bool" ? Array.from(values, Boolean) : encoded.t === "int64" ? Int32Array.from(values) : values;
  let made = values.length === 0 ? torch.zeros(encoded.s, { dtype }) : torch.tensor(given).reshape(encoded.s);
  if (made.dtype !== dtype) made = made.to(dtype);
  return wantsGrad ? made.requires_grad_() : made;
}

function argument(value: Any, values: readonly Any[]): Any {
  if (Array.isArray(value)) return value.map((each) => argument(each, values));
  if (value === null || typeof value !== "object") return value;
  if ("r" in value) return "k" in value ? values[value.r][value.k] : values[value.r];
  if ("dt" in value) return torch[value.dt];
  if ("sl" in value) return value.sl.length === 2 && value.sl.every((each: Any) => each === null) ? ":" : value.sl;
  return value;
}

function call(op: string, args: readonly Any[], keywords: Record<string, Any>): Any {
  const path = op.split(".");
  const [space, name] = [path[0] as string, path.at(-1) as string];
  const all = Object.keys(keywords).length > 0 ? [...args, keywords] : [...args];
  if (op === "getitem") return args[0].get(...args[1]);
  if (space === "torch") return path.slice(1).reduce((at, part) => at[part], torch)(...all);
  return space === "F" ? torch.nn.functional[name](...all) : all[0][name](...all.slice(1));
}

function runStep([op, args, keywords]: Program["steps"][number], values: readonly Any[]): Any {
  const named = Object.entries(keywords).map(([name, value]) => [name, argument(value, values)]);
  return call(op, argument(args, values), Object.fromEntries(named));
}

/** Results whose number the values decide are promises. */
const isPromised = (value: Any): boolean => typeof value?.then === "function";
const outputsOf = (values: readonly Any[]): Any[] => {
  const last = values.at(-1);
  return Array.isArray(last) ? last : [last];
};

/** Runs the steps; `values` holds the inputs and takes the results. */
async function runSteps({ steps }: Program, values: Any[]): Promise<Any[]> {
  for (const step of steps) {
    const result = runStep(step, values);
    values.push(isPromised(result) ? await result : result);
  }
  return outputsOf(values);
}

/** As runSteps, within a trace. */
function traceSteps({ steps }: Program, values: Any[]): Any[] {
  for (const step of steps) values.push(runStep(step, values));
  return outputsOf(values);
}

async function hold(value: Any): Promise<Held | null> {
  return value === null || value === undefined
    ? null
    : { t: value.dtype.name, s: [...value.shape], v: await value.numpy() };
}

const holdAll = async (list: readonly Any[]): Promise<(Held | null)[]> => {
  const held: (Held | null)[] = [];
  for (const each of list) held.push(await hold(each));
  return held;
};

const differentiable = (outputs: readonly Any[]): Any[] =>
  outputs.filter((each) => each.dtype === torch.float32 && each.requires_grad);

const weighted = (outputs: readonly Any[], seeds: readonly Any[]): Any =>
  outputs.map((each, i) => each.mul(seeds[i]).sum()).reduce((a, b) => a.add(b));

function fit(outputs: readonly Any[], seeds: readonly Any[]): void {
  if (seeds.length !== outputs.length)
    throw new Mismatch(`results that require grad: ${outputs.length}, in PyTorch ${seeds.length}`);
}

export async function runEager(program: Program): Promise<Results> {
  const { inputs, grad, expect } = program;
  const values = inputs.map((each) => make(each, each.req));
  const outputs = await runSteps(program, values);
  const results: Results = { outs: await holdAll(outputs) };
  const leaves = values.slice(0, inputs.length).filter((_, i) => inputs[i]?.req);
  const found = differentiable(outputs);
  const raises = grad && expect.err && leaves.length > 0 && found.length > 0;
  if (!expect.seeds && !raises) return results;
  const seeds = expect.seeds
    ? expect.seeds.map((each: Encoded) => make(each))
    : found.map((each) => torch.ones(each.shape));
  fit(found, seeds);
  // One result is differentiated with its cotangent, several as the sum of products.
  const total = found.length > 1 || grad === "double" ? weighted(found, seeds) : null;
  const options = { allow_unused: true };
  if (grad === "backward") {
    if (total) total.backward();
    else found[0].backward(seeds[0]);
    results.grads = await holdAll(leaves.map((each) => each.grad));
  } else if (grad === "grad") {
    const grads = torch.autograd.grad(
      total ?? found[0],
      leaves,
      total ? options : { ...options, grad_outputs: seeds[0] },
    );
    results.grads = await holdAll(grads);
  } else {
    const first: Any[] = torch.autograd.grad(total, leaves, { ...options, create_graph: true });
    const squares = first.filter(Boolean).map((each) => each.mul(each).sum());
    results.first = await holdAll(first);
    const sum = squares.length > 0 ? squares.reduce((a, b) => a.add(b)) : null;
    results.grads = await holdAll(
      sum?.requires_grad ? torch.autograd.grad(sum, leaves, options) : first.map(() => null),
    );
  }
  return results;
}

/** By torch.compile: traced by the first call, replayed on other values, so that a constant in the plan shows, then on the case's. */
export async function runCompiled(program: Program): Promise<Results> {
  const { inputs, expect } = program;
  const seeds: Encoded[] = expect.seeds ?? [];
  let [outs, grads]: [number, boolean[]] = [0, []];
  const step = torch.compile((...given: Any[]) => {
    const values = given
      .slice(0, inputs.length)
      .map((each, i) => (inputs[i]?.req ? each.detach().requires_grad_() : each));
    const weights = given.slice(inputs.length);
    const leaves = values.filter((_, i) => inputs[i]?.req);
    const outputs = traceSteps(program, values);
    let found: Any[] = [];
    if (weights.length > 0) {
      const floats = differentiable(outputs);
      fit(floats, weights);
      found = torch.autograd.grad(weighted(floats, weights), leaves, { allow_unused: true });
    }
    [outs, grads] = [outputs.length, found.map((each) => each !== null)];
    return [...outputs.map((each) => each.detach()), ...found.filter((each) => each !== null)];
  });
  const other = (each: Encoded): Any => {
    const made = make(each);
    return made.dtype === torch.float32 && made.numel() > 0 ? made.mul(0.37).add(0.11) : made;
  };
  for (let i = 0; i < 2; i++) step(...inputs.map(other), ...seeds.map(other));
  const held = await holdAll(step(...inputs.map((each) => make(each)), ...seeds.map((each) => make(each))));
  const results: Results = { outs: held.slice(0, outs) };
  const rest = held.slice(outs);
  if (seeds.length > 0) results.grads = grads.map((there) => (there ? (rest.shift() as Held) : null));
  return results;
}

export async function runOptimizer({ params, kind, groups, kw, steps }: Any): Promise<Results> {
  const parameters = params.map((each: Encoded) => make(each, true));
  const start = (): Any => {
    const given = groups?.map((each: Any) => ({ params: each.params.map((i: number) => parameters[i]), ...each.kw }));
    return new torch.optim[kind](given ?? parameters, kw);
  };
  let optimizer = start();
  const results: Results = { outs: [], trace: [], norms: [] };
  for (const step of steps) {
    for (const [i, each] of parameters.entries()) each.grad = step.grads[i] === null ? null : make(step.grads[i]);
    if (step.lr !== null) optimizer.param_groups[0].lr = step.lr;
    if (step.reload) {
      const state = optimizer.state_dict();
      optimizer = start();
      optimizer.load_state_dict(state);
    }
    if (step.clip !== null) results.norms?.push(await hold(torch.nn.utils.clip_grad_norm_(parameters, step.clip)));
    if (step.clipv !== null) torch.nn.utils.clip_grad_value_(parameters, step.clipv);
    optimizer.step();
    results.trace?.push(await holdAll(parameters));
  }
  return results;
}
