// Cases of PyTorch's op, module and optimizer databases, run by the torch dialect.
import * as dialect from "@facet/shims-torch";
import { type Any, type Case, decode, type Encoded, special } from "./cases.js";
import { Absent, attempt, has, sameArray, sameNumber, type Tolerance, type Verdict, Wrong } from "./verdict.js";

const torch: Any = dialect;

const dtypeOf = (name: string): Any => {
  if (!has(torch, name)) throw new Absent(`torch.${name}`);
  return torch[name];
};

function make(encoded: Encoded): Any {
  const values = decode(encoded);
  const dtype = dtypeOf(encoded.t);
  const given =
    encoded.t === "bool" ? Array.from(values, Boolean) : encoded.t === "int64" ? Int32Array.from(values) : values;
  const made = values.length === 0 ? torch.zeros(encoded.s, { dtype }) : torch.tensor(given).reshape(encoded.s);
  return made.dtype === dtype ? made : made.to(dtype);
}

/** An argument of a case; tensors that require gradients are collected in `leaves`. */
function build(value: Any, leaves: Any[] = []): Any {
  if (Array.isArray(value)) return value.map((each) => build(each, leaves));
  if (value === null || typeof value !== "object") return value;
  if ("d" in value) {
    const made = make(value);
    if (value.g) leaves.push(made.requires_grad_());
    return made;
  }
  if ("f" in value) return special(value);
  if ("dt" in value) return dtypeOf(value.dt);
  if ("sl" in value)
    return value.sl.every((each: Any) => each === null) ? ":" : value.sl.slice(0, value.sl[2] === null ? 2 : 3);
  if ("ell" in value) return "...";
  return "o" in value ? buildAll(value.o, leaves) : value;
}

const buildAll = (values: Record<string, Any>, leaves: Any[] = []): Record<string, Any> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, build(value, leaves)]));

const withKeywords = (args: readonly Any[], keywords: object): readonly Any[] =>
  Object.keys(keywords).length > 0 ? [...args, keywords] : args;

function call(path: string, args: readonly Any[], keywords: object): Any {
  const all = withKeywords(args, keywords);
  const [first, ...rest] = path.split(".") as [string, ...string[]];
  if (first === "Tensor") {
    const name = rest[0] as string;
    if (name === "__getitem__") return args[0].get(...(Array.isArray(args[1]) ? args[1] : [args[1]]));
    if (!has(args[0], name)) throw new Absent(path);
    return typeof args[0][name] === "function" ? args[0][name](...all.slice(1)) : args[0][name];
  }
  let [owner, value] = [torch, torch];
  for (const part of rest) {
    if (!has(value, part)) throw new Absent(path);
    [owner, value] = [value, value[part]];
  }
  return value.apply(owner, all);
}

const isTensor = (value: Any): boolean => value instanceof torch.Tensor;

function flat(value: Any): Any[] {
  if (isTensor(value) || ["number", "boolean", "bigint"].includes(typeof value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flat);
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(flat) : [];
}

async function hold(value: Any): Promise<Any> {
  if (value === null || value === undefined) return null;
  if (!isTensor(value)) return { n: Number(value) };
  return { t: value.dtype.name ?? `${value.dtype}`.replace("torch.", ""), s: [...value.shape], v: await value.numpy() };
}

function same(what: string, expected: Any, held: Any, tolerance: Tolerance = {}): void {
  if (expected === null || held === null) {
    const blank = (each: Any): boolean =>
      each === null || Array.from(each.v ?? decode(each)).every((value) => value === 0);
    if (blank(expected) && blank(held)) return;
    throw new Wrong(
      `${what}: expected ${expected === null ? "none" : "a tensor"}, got ${held === null ? "none" : "one"}`,
    );
  }
  if ("n" in expected) sameNumber(what, expected.n, "n" in held ? held.n : held.v[0]);
  else if ("n" in held) throw new Wrong(`${what}: expected a tensor, got ${held.n}`);
  else sameArray(what, expected, held, tolerance);
}

const weighted = (outputs: readonly Any[], seeds: readonly Encoded[]): Any =>
  outputs.map((each, i) => each.mul(make(seeds[i] as Encoded)).sum()).reduce((a, b) => a.add(b));

async function sameAll(
  what: string,
  expected: readonly Any[],
  given: readonly Any[],
  tolerance: Tolerance,
): Promise<void> {
  for (const [i, each] of given.entries()) same(`${what}${i}`, expected[i] ?? null, await hold(each), tolerance);
}

async function outputs(each: Case, given: Any): Promise<Any[]> {
  const found = flat(await given);
  if (each.err !== undefined) {
    for (const one of found) await hold(one);
    return [];
  }
  if (found.length !== each.outs.length) throw new Wrong(`${each.outs.length} results expected, got ${found.length}`);
  await sameAll("out", each.outs, found, { shapes: each.random });
  return found.filter((one) => isTensor(one) && one.requires_grad && one.dtype === torch.float32);
}

async function op(each: Case): Promise<void> {
  const leaves: Any[] = [];
  const args = build(each.args, leaves);
  const found = await outputs(each, call(each.fn, args, buildAll(each.kw, leaves)));
  if (each.err !== undefined || !each.seeds) return;
  if (found.length !== each.seeds.length)
    throw new Wrong(`grad: ${each.seeds.length} results require gradients, here ${found.length}`);
  const options = { allow_unused: true, create_graph: Boolean(each.grads2) };
  const first = torch.autograd.grad(weighted(found, each.seeds), leaves, options);
  await sameAll("grad", each.grads, first, { slack: 2 });
  if (!each.grads2) return;
  const squares = first.filter((one: Any) => one?.requires_grad).map((one: Any) => one.mul(one).sum());
  if (squares.length === 0) {
    if (each.grads2.some((one: Any) => one && decode(one).some((value) => value !== 0)))
      throw new Wrong("second gradient: none here");
    return;
  }
  const second = torch.autograd.grad(
    squares.reduce((a: Any, b: Any) => a.add(b)),
    leaves,
    { allow_unused: true },
  );
  await sameAll("second grad", each.grads2, second, { slack: 10 });
}

/** JavaScript does not tell 1 from 1.0. */
const printed = (text: string): string => text.replace(/(\d)\.0\b/g, "$1");

async function module(each: Case): Promise<void> {
  if (!has(torch.nn, each.cls)) throw new Absent(`nn.${each.cls}`);
  const made = new torch.nn[each.cls](...withKeywords(build(each.args), buildAll(each.kw)));
  made.train(each.train);
  const keys = Object.keys(made.state_dict());
  if (`${keys}` !== `${Object.keys(each.state)}`)
    throw new Wrong(`state_dict: expected ${Object.keys(each.state)} got ${keys}`);
  if (keys.length > 0) made.load_state_dict(buildAll(each.state));
  if (printed(`${made}`) !== printed(each.repr))
    throw new Wrong(`printed: expected ${JSON.stringify(each.repr)} got ${JSON.stringify(`${made}`)}`);
  const leaves: Any[] = [];
  const args = withKeywords(build(each.input, leaves), buildAll(each.inkw, leaves));
  const found = await outputs(each, typeof made === "function" ? made(...args) : made.forward(...args));
  if (each.after)
    for (const [name, one] of Object.entries(each.after))
      same(`buffer ${name}`, one, await hold(made.state_dict()[name]));
  if (!each.seeds) return;
  const parameters: [string, Any][] = [...made.named_parameters()];
  const wanted = [...leaves, ...parameters.map(([, one]) => one)];
  const grads = torch.autograd.grad(weighted(found, each.seeds), wanted, { allow_unused: true });
  await sameAll("grad of input ", each.gin, grads.slice(0, leaves.length), { slack: 2 });
  for (const [i, [name]] of parameters.entries())
    same(`grad of ${name}`, each.gparams[name] ?? null, await hold(grads[leaves.length + i]), { slack: 2 });
}

async function optim(each: Case): Promise<void> {
  if (!has(torch.optim, each.cls)) throw new Absent(`optim.${each.cls}`);
  const parameters = each.params.map((one: Encoded) => make(one).requires_grad_());
  const optimizer = new torch.optim[each.cls](parameters, buildAll(each.kw));
  for (const [step, grads] of each.grads.entries()) {
    for (const [i, one] of parameters.entries()) one.grad = make(grads[i]);
    optimizer.step();
    await sameAll(`step ${step} parameter `, each.trace[step], parameters, { slack: 2 });
  }
}

const BODIES: Record<string, (each: Case) => Promise<void>> = { op, module, optim };

export const run = (each: Case): Promise<Verdict> => attempt(each, () => BODIES[each.k]?.(each));
