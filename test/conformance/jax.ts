// Cases recorded from JAX's own tests and of optax, run by the JAX dialect: values, and where they are right vjp, jvp and vmap.
import * as dialect from "@facet/shims-jax";
import { type Any, type Case, decode, type Encoded, special } from "./cases.js";
import { attempt, find, sameArray, sameNumber, type Tolerance, type Verdict, Wrong } from "./verdict.js";

const jax: Any = dialect;
const jnp: Any = dialect.numpy;

function make(encoded: Encoded): Any {
  const values = decode(encoded);
  if (values.length === 0) return jnp.zeros(encoded.s, encoded.t);
  return jnp.array(encoded.t === "bool" ? Array.from(values, Boolean) : values).reshape(encoded.s);
}

function build(value: Any): Any {
  if (Array.isArray(value)) return value.map(build);
  if (value === null || typeof value !== "object") return value;
  if ("d" in value) return make(value);
  if ("f" in value) return special(value);
  if ("dt" in value) return value.dt;
  if ("sl" in value) return value.sl.map(build).slice(0, value.sl[2] === null ? 2 : 3);
  if ("enum" in value) return value.enum;
  return "o" in value ? buildAll(value.o) : value;
}

const buildAll = (values: Record<string, Any>): Record<string, Any> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, build(value)]));

const isArray = (value: Any): boolean => value instanceof jax.Array;

function flat(value: Any): Any[] {
  if (isArray(value) || ["number", "boolean", "bigint"].includes(typeof value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flat);
  if (ArrayBuffer.isView(value)) return [...(value as Float32Array)];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(flat) : [];
}

async function hold(value: Any): Promise<Any> {
  return isArray(value) ? { t: `${value.dtype}`, s: [...value.shape], v: await value.data() } : { n: value };
}

function same(what: string, expected: Any, held: Any, tolerance: Tolerance = {}): void {
  if ("n" in expected) sameNumber(what, expected.n, "n" in held ? held.n : held.v[0]);
  else if (!("n" in held)) sameArray(what, expected, held, tolerance);
  else if (expected.s.length > 0 || !Object.is(Number(decode(expected)[0]), Number(held.n)))
    throw new Wrong(`${what}: expected an array, got ${held.n}`);
}

async function sameAll(
  what: string,
  expected: readonly Any[],
  given: readonly Any[],
  tolerance: Tolerance,
): Promise<void> {
  if (given.length !== expected.length)
    throw new Wrong(`${what}: ${expected.length} results expected, got ${given.length}`);
  for (const [i, each] of given.entries()) same(`${what}${i}`, expected[i], await hold(each), tolerance);
}

const one = (list: readonly Any[]): Any => (list.length === 1 ? list[0] : list);

async function fn(each: Case): Promise<Verdict> {
  let [target, args, keywords]: Any[] = [];
  const call = (given: readonly Any[]): Any =>
    target(...given, ...(Object.keys(keywords).length > 0 ? [keywords] : []));
  const values = await attempt(each, async () => {
    [target, args, keywords] = [find(jax, each.op), build(each.args), buildAll(each.kw)];
    await sameAll("out", each.outs, flat(await call(args)), { shapes: each.random });
  });
  if (values.kind !== "right") return values;
  /** The function of the arguments that are differentiated, giving the results that are. */
  const over =
    (pick: readonly number[] | null) =>
    (...given: Any[]): Any => {
      const all = [...args];
      for (const [j, at] of each.at.entries()) all[at] = given[j];
      const results = flat(call(all));
      return one(pick ? pick.map((i) => results[i]) : results);
    };
  const parts: Record<string, Verdict> = {};
  const plain: Case = { k: each.k };
  const primals = (): Any[] => each.at.map((i: number) => args[i]);
  if (each.vjp)
    parts.vjp = await attempt(plain, async () => {
      const [, pull] = find(jax, "vjp")(over(each.fl), ...primals());
      await sameAll("vjp", each.vjp, flat(pull(one(each.cot.map(make)))), { slack: 2 });
    });
  if (each.jvp)
    parts.jvp = await attempt(plain, async () => {
      const [, tangents] = find(jax, "jvp")(over(each.fl), primals(), each.tan.map(make));
      await sameAll("jvp", each.jvp, flat(tangents), { slack: 2 });
    });
  if (each.vmap)
    parts.vmap = await attempt(plain, async () => {
      const mapped = find(jax, "vmap")(over(null), { in_axes: each.vmap.axes });
      await sameAll("vmap", each.vmap.outs, flat(mapped(...each.vmap.args.map(make))), { slack: 2 });
    });
  return { ...values, parts };
}

async function optax(each: Case): Promise<void> {
  const made = find(jax, each.op);
  const keywords = buildAll(each.kw);
  const transform = made(...(Object.keys(keywords).length > 0 ? [keywords] : []));
  let params = buildAll(each.params);
  let state = transform.init(params);
  for (const [step, grads] of each.grads.entries()) {
    const [updates, next] = transform.update(buildAll(grads), state, params);
    state = next;
    for (const name of Object.keys(grads))
      same(`step ${step} update ${name}`, each.trace[step][name], await hold(updates[name]), { slack: 2 });
    params = jax.optax.apply_updates(params, updates);
  }
}

async function schedule(each: Case): Promise<void> {
  const rate = find(jax, each.op)(buildAll(each.kw));
  for (const [i, step] of each.steps.entries()) {
    const given = rate(step);
    sameNumber(`step ${step}`, each.values[i], isArray(given) ? await given.item() : given, 2e-5);
  }
}

export const run = (each: Case): Promise<Verdict> =>
  each.k === "fn" ? fn(each) : attempt(each, () => (each.k === "optax" ? optax(each) : schedule(each)));
