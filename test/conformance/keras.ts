// Cases of Keras' own tests, run by the Keras dialect.
import type { Any, Case } from "./cases.js";
import { special } from "./cases.js";
import { layer, model, placeholders } from "./keras_layers.js";
import { build, buildAll, hold, holdsArray, host, keras, make, objectOf, same, withKeywords } from "./keras_values.js";
import { Absent, attempt, find, type Verdict, Wrong } from "./verdict.js";

/** How a call's arguments are given: as the test does, all by position, or all but the leading arrays by keyword. */
type Way = "given" | "position" | "keywords";

/** Signs of these are the algorithm's choice. */
const SIGNS = /^ops\.(linalg\.)?(svd|eigh?|qr)$/;

function arrange(
  encoded: readonly Any[],
  args: readonly Any[],
  keywords: Record<string, Any>,
  names: readonly string[],
  way: Way,
): Any[] {
  if (way === "position") {
    const all = [...args];
    for (const [i, name] of names.entries()) if (i >= args.length) all[i] = keywords[name];
    while (all.length > 0 && all.at(-1) === undefined) all.pop();
    return all;
  }
  if (way === "given") return withKeywords(args, keywords);
  const first = encoded.findIndex((each) => !holdsArray(each));
  const count = Math.max(1, first < 0 ? encoded.length : first);
  const named = { ...keywords };
  for (const [i, each] of args.slice(count).entries()) named[names[count + i] as string] = each;
  return withKeywords(args.slice(0, count), named);
}

async function op(each: Case, way: Way): Promise<void> {
  const onHost = each.fn.startsWith("utils.");
  const args = arrange(each.args, build(each.args, onHost), buildAll(each.kw, onHost), each.sig, way);
  const held = await hold(find(keras, each.fn)(...args));
  if (each.err === undefined) same("result", each.out, held, { shapes: each.rand, magnitude: SIGNS.test(each.fn) });
}

async function object(each: Case, way: Way): Promise<void> {
  const made = objectOf(each);
  const [encoded, encodedKeywords] = each.call;
  const [args, keywords] = [build(encoded), buildAll(encodedKeywords)];
  let given: Any;
  if (typeof made === "function") given = made(...arrange(encoded, args, keywords, each.sig, way));
  else if (each.fn.startsWith("initializers.") && typeof made.values === "function") {
    if ((args[1] ?? keywords.dtype ?? "float32") !== "float32") throw new Absent("dtype of an initializer's call");
    given = made.values(args[0] ?? keywords.shape);
  } else if (typeof made.call === "function") given = made.call(...withKeywords(args, keywords));
  else throw new Absent(`${each.fn}.__call__`);
  const held = await hold(given);
  if (each.err === undefined) same("result", each.out, held, { shapes: each.rand });
}

/** An initializer's numbers by their mean, deviation and bound. */
async function statistics(each: Case): Promise<void> {
  const made = objectOf(each);
  const held = await hold(typeof made === "function" ? made(each.shape) : made.values(each.shape));
  same("result", { t: "float32", s: each.shape }, held);
  const values: number[] = Array.from(held.v);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const near = (what: string, expected: number, given: number, bound: number): void => {
    if (Math.abs(given - expected) > bound + 1e-6) throw new Wrong(`${what}: expected about ${expected} got ${given}`);
  };
  near("mean", each.mean, mean, (8 * each.std) / Math.sqrt(values.length));
  near("standard deviation", each.std, deviation, 0.08 * each.std);
  if (each.bounded) near("largest", each.top, largest, 0.03 * each.top);
}

async function metric(each: Case): Promise<void> {
  const made = objectOf(each);
  for (const [i, [what, args, keywords]] of each.steps.entries()) {
    if (what === "reset") await made.reset_state();
    else await made.update_state(...withKeywords(build(args), buildAll(keywords)));
    const held = await hold(made.result());
    if (each.err === undefined) same(`after ${i + 1}`, each.outs[i], held, { slack: 2 });
  }
}

async function optimizer(each: Case): Promise<void> {
  const made = objectOf(each);
  const variables = each.params.map((one: Any) => new keras.Variable(host(one)));
  if (each.err !== undefined) return;
  for (const [step, grads] of each.grads.entries()) {
    made.apply_gradients(grads.map((one: Any, i: number) => [make(one), variables[i]]));
    for (const [i, one] of variables.entries())
      same(`step ${step + 1} variable ${i}`, each.trace[step][i], await hold(one), { slack: 2 });
  }
}

async function schedule(each: Case): Promise<void> {
  const made = objectOf(each);
  for (const [i, step] of each.at.entries()) {
    const held = await hold(typeof made === "function" ? made(step) : made.call(step));
    const value = typeof held === "number" ? held : held.v[0];
    if (each.err === undefined && !(Math.abs(value - each.outs[i]) <= 1e-4 * Math.abs(each.outs[i]) + 1e-9))
      throw new Wrong(`step ${step}: expected ${each.outs[i]} got ${value}`);
  }
}

/** A configuration without what names the module it comes from. */
function bare(value: Any): Any {
  if (Array.isArray(value)) return value.map(bare);
  if (value === undefined) return null;
  if (value === null || typeof value !== "object" || "f" in value) return value;
  const hidden = ["name", "dtype", "build_config", "module", "registered_name", "shared_object_id"];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (hidden.includes(key) ? [] : [[key, bare(each)]])),
  );
}

function sameConfig(what: string, given: Any, held: Any): void {
  const expected = special(given);
  const differ = (): never => {
    throw new Wrong(`${what}: expected ${`${JSON.stringify(expected)}`.slice(0, 60)} got ${JSON.stringify(held)}`);
  };
  if (typeof expected === "number" && typeof held === "number") {
    if (!(Object.is(expected, held) || Math.abs(expected - held) <= 1e-6 * Math.abs(expected))) differ();
  } else if (expected === null || typeof expected !== "object") {
    if (expected !== (held ?? null)) differ();
  } else if (!held || typeof held !== "object" || Array.isArray(expected) !== Array.isArray(held)) differ();
  else
    for (const key of new Set([...Object.keys(expected), ...Object.keys(held)]))
      sameConfig(`${what}.${key}`, expected[key] ?? null, held[key] ?? null);
}

async function configuration(each: Case): Promise<void> {
  const made = objectOf(each);
  if (each.err !== undefined) return;
  if (each.name !== undefined && made.name !== each.name)
    throw new Wrong(`name: expected ${each.name} got ${made.name}`);
  if (typeof made.get_config !== "function") throw new Absent(`${each.fn}.get_config`);
  sameConfig("config", bare(each.config), bare(await made.get_config()));
}

const BODIES: Record<string, (each: Case, way: Way) => Promise<void>> = {
  op,
  sym: op,
  obj: object,
  stat: statistics,
  metric,
  optim: optimizer,
  sched: schedule,
  config: configuration,
  layer,
  lsym: placeholders,
  model,
};

/** Runs a case as the test gives its arguments and, where that is not right, in other ways that mean the same. */
export async function run(each: Case): Promise<Verdict> {
  const by = (way: Way): Promise<Verdict> => attempt(each, () => BODIES[each.k]?.(each, way));
  let verdict = await by("given");
  if (["right", "absent"].includes(verdict.kind) || each.err !== undefined) return verdict;
  const [args, keywords] =
    each.k === "obj" ? each.call : each.k === "op" || each.k === "sym" ? [each.args, each.kw] : [[], {}];
  const names = Object.keys(keywords);
  const ways: Way[] = [];
  if (names.length > 0 && names.every((name) => each.sig.includes(name))) ways.push("position");
  if (args.some((one: Any, i: number) => i > 0 && !holdsArray(one))) ways.push("keywords");
  for (const way of ways) {
    const other = await by(way);
    if (other.kind === "right") return { kind: "right", otherwise: true };
    if (other.kind === "wrong" && verdict.kind !== "wrong") verdict = { ...other, text: `by ${way}: ${other.text}` };
    else if (verdict.kind === "untyped" && other.kind === "refused") verdict = other;
  }
  return verdict;
}
