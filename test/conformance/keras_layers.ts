// Layers and models of Keras' cases: weights, outputs, gradients, summaries, training.
import * as core from "@facet/autograd";
import { type Any, type Case, decode, type Encoded } from "./cases.js";
import {
  build,
  buildAll,
  construct,
  flatten,
  hold,
  host,
  isPlain,
  keras,
  make,
  objectOf,
  same,
  withKeywords,
} from "./keras_values.js";
import { Wrong } from "./verdict.js";

/** A layer called on placeholders. */
export async function placeholders(each: Case): Promise<void> {
  const held = await hold(objectOf(each)(...withKeywords([build(each.inputs)], buildAll(each.ckw))));
  if (each.err === undefined) same("result", each.out, held);
}

const lastName = (weight: Any): string => (weight.path ?? weight.name).split("/").at(-1);

function setWeights(made: Any, each: Case): void {
  const given = made.weights.map((one: Any) => `${lastName(one)}[${one.shape}]`);
  const expected = each.w.map((one: Any) => `${one.n}[${one.s}]`);
  if (`${given}` !== `${expected}`) throw new Wrong(`weights: expected ${expected} got ${given}`);
  if (each.w.length > 0) made.set_weights(each.w.map(host));
  if (made.stateful) made.reset_states();
}

function gradients(outputs: readonly Any[], seeds: readonly Encoded[], leaves: readonly Any[]): Any[] {
  const floats = outputs.filter((one) => one.dtype === "float32");
  if (floats.length !== seeds.length) throw new Wrong(`${seeds.length} float results expected, got ${floats.length}`);
  const total = floats
    .map((one, i) => core.sum(core.mul(one.core, make(seeds[i] as Encoded).core)))
    .reduce((a, b) => core.add(a, b));
  return core.gradients(
    total,
    leaves.map((one) => one.core),
  ) as Any[];
}

async function sameGradient(what: string, expected: Any, given: Any): Promise<void> {
  const held = given === undefined ? null : await hold(given);
  const blank = (values: ArrayLike<number>): boolean => Array.from(values).every((value) => value === 0);
  if ((expected === null || blank(decode(expected))) && (held === null || blank(held.v))) return;
  if (expected === null || held === null)
    throw new Wrong(`${what}: expected ${expected ? "a gradient" : "none"}, got ${held ? "one" : "none"}`);
  same(what, expected, held, { slack: 2 });
}

/** Inputs as leaves of the tape. */
function tracked(value: Any): Any {
  if (Array.isArray(value)) return value.map(tracked);
  if (value instanceof keras.Tensor)
    return value.dtype === "float32" ? new keras.Tensor(core.variable(value.core)) : value;
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, tracked(each)]));
}

export async function layer(each: Case): Promise<void> {
  const made = objectOf(each);
  const [inputs, keywords] = [build(each.inputs), buildAll(each.ckw)];
  const call = (given: Any, training: Any): Any => {
    const named = { ...keywords, ...("train" in each ? { training } : {}) };
    // Several inputs by name are keywords of the call.
    return isPlain(given) ? made({ ...given, ...named }) : made(...withKeywords([given], named));
  };
  await Promise.all(flatten(call(inputs, false)).map(hold));
  if (each.err !== undefined) return;
  setWeights(made, each);
  if (made.count_params() !== each.count)
    throw new Wrong(`count_params: expected ${each.count} got ${made.count_params()}`);
  const check = async (what: string, expected: readonly Any[], given: Any, shapes: boolean): Promise<void> => {
    const outputs = flatten(await given);
    if (outputs.length !== expected.length)
      throw new Wrong(`${what}: ${expected.length} results expected, got ${outputs.length}`);
    for (const [i, one] of outputs.entries())
      same(`${what}${i || ""}`, expected[i], await hold(one), { shapes, slack: 2 });
  };
  await check("output", each.out, call(inputs, false), each.rand);
  if ("train" in each) {
    setWeights(made, each);
    await check("output in training", each.train, call(inputs, true), each.trainrand);
    if (each.after)
      for (const [i, one] of made.weights.entries())
        same(`${lastName(one)} after training`, each.after[i], await hold(one), { slack: 2 });
  }
  if (!each.seeds) return;
  setWeights(made, each);
  const leaves = tracked(build(each.inputs));
  const floats = flatten(leaves).filter((one) => one instanceof keras.Tensor && one.dtype === "float32");
  const weights = made.trainable_weights;
  if (floats.length !== each.gin.length || weights.length !== each.gw.length)
    throw new Wrong(`gradients: ${each.gw.length} trainable weights expected, got ${weights.length}`);
  const found = gradients(flatten(call(leaves, each.mode)), each.seeds, [...floats, ...weights]);
  for (const i of floats.keys())
    await sameGradient(`gradient of input${floats.length > 1 ? i : ""}`, each.gin[i], found[i]);
  for (const [i, one] of weights.entries())
    await sameGradient(`gradient of ${lastName(one)}`, each.gw[i], found[floats.length + i]);
}

const layerOf = (spec: Any): Any =>
  spec.model ? assemble(spec.model) : construct(spec.layer, build(spec.args ?? []), buildAll(spec.kw ?? {}));

function assemble(spec: Any): Any {
  const name = spec.name ? { name: spec.name } : {};
  if (spec.seq) {
    const layers = spec.seq.map((each: Any) => (each.input ? keras.Input({ shape: each.input }) : layerOf(each)));
    return new keras.Sequential(...withKeywords([layers], name));
  }
  const [made, values]: Record<string, Any>[] = [{}, {}] as [Record<string, Any>, Record<string, Any>];
  for (const each of spec.nodes) {
    if (each.input) {
      const options = { ...(each.dtype ? { dtype: each.dtype } : {}), ...(each.name ? { name: each.name } : {}) };
      (values as Any)[each.id] = keras.Input({ shape: each.input, ...options });
      continue;
    }
    const one = each.use ? (made as Any)[each.use] : layerOf(each);
    (made as Any)[each.id] = one;
    const given = each.from.map((id: string) => (values as Any)[id]);
    (values as Any)[each.id] = one(given.length === 1 ? given[0] : given);
  }
  const pick = (ids: readonly string[]): Any =>
    ids.length === 1 ? (values as Any)[ids[0] as string] : ids.map((id) => (values as Any)[id]);
  return new keras.Model({ inputs: pick(spec.inputs), outputs: pick(spec.outputs), ...name });
}

const near = (what: string, expected: number, given: unknown, relative: number): void => {
  if (!(Math.abs(expected - Number(given)) <= relative * Math.abs(expected) + 1e-5))
    throw new Wrong(`${what}: expected ${expected} got ${given}`);
};

function lines(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal.
  const plain = text.replace(/\x1b\[[0-9;]*m/g, "");
  return plain
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim()
    .split("\n");
}

export async function model(each: Case): Promise<void> {
  keras.utils.clear_session();
  const made = assemble(each.spec);
  if (made.count_params() !== each.count)
    throw new Wrong(`count_params: expected ${each.count} got ${made.count_params()}`);
  setWeights(made, each);
  if (each.part === "summary") return sameSummary(made, each.summary);
  const one = (list: readonly Any[]): Any => (list.length === 1 ? list[0] : list);
  const x = one(each.x.map(host));
  if (each.part === "output") {
    const outputs = flatten(await made.predict(x, { verbose: 0 }));
    if (outputs.length !== each.out.length)
      throw new Wrong(`${each.out.length} outputs expected, got ${outputs.length}`);
    for (const [i, given] of outputs.entries()) same(`output ${i}`, each.out[i], await hold(given), { slack: 2 });
    return;
  }
  const y = one(each.y.map(host));
  made.compile(buildAll(each.compile));
  if (each.part === "train") {
    for (const [step, expected] of each.losses.entries()) {
      const given = flatten(await made.train_on_batch(x, y)).map(Number);
      if (given.length !== expected.length)
        throw new Wrong(`step ${step + 1}: ${expected.length} values expected, got ${given.length}`);
      for (const [i, value] of expected.entries()) near(`step ${step + 1} value ${i}`, value, given[i], 3e-4);
    }
    for (const [i, weight] of made.weights.entries())
      same(`${lastName(weight)} after training`, each.after[i], await hold(weight), { slack: 5 });
    return;
  }
  const { history } = await made.fit(x, y, buildAll(each.fit));
  for (const [key, expected] of Object.entries(each.history as Record<string, number[]>)) {
    if (!history[key]) throw new Wrong(`history: no ${key}`);
    for (const [i, value] of expected.entries()) near(`epoch ${i + 1} ${key}`, value, history[key][i], 5e-4);
  }
  const evaluated = flatten(await made.evaluate(x, y, { verbose: 0, batch_size: each.fit.batch_size }));
  for (const [i, value] of each.evaluate.entries()) near(`evaluate ${i}`, value, evaluated[i], 5e-4);
}

function sameSummary(made: Any, summary: string): void {
  const text: string[] = [];
  made.summary({ line_length: 80, print_fn: (line: string) => text.push(`${line}\n`) });
  const [expected, given] = [lines(summary), lines(text.join(""))];
  for (const [i, line] of expected.entries())
    if (line !== given[i])
      throw new Wrong(`summary line ${i + 1}: expected ${JSON.stringify(line)} got ${JSON.stringify(given[i])}`);
  if (given.length !== expected.length) throw new Wrong("summary: more lines");
}
