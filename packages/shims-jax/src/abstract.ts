// Functions of shapes alone: what they would return, and which ops they are made of.
import {
  type Abstract,
  type Application,
  ArgumentError,
  abstractly,
  type Dtype,
  hearingOps,
  type Tensor,
} from "@facet/autograd";
import { any, bool, define, func, int, listOf, only, pythonShape, show, signature } from "@facet/dialect";
import { dtype as dtypeKind, shape as shapeKind } from "./arguments.js";
import { checkDtype, JaxArray } from "./array.js";
import { type ShapeInput, shapeOf } from "./numpy/creation.js";
import { TracedNumber } from "./traced_number.js";
import { flatten, unflatten } from "./tree/pytree.js";
import { type AnyFunction, synchronous } from "./tree/scope.js";

const readStruct = signature("jax.ShapeDtypeStruct", {
  shape: shapeKind,
  dtype: dtypeKind,
  "*": null,
  sharding: only(null),
  weak_type: only(false),
  manual_axis_type: only(null),
  is_ref: only(false),
});
interface StructNamed {
  shape: ShapeInput;
  dtype: Dtype;
}
/** What is known of an array that is not there: its shape and its dtype. */
export class ShapeDtypeStruct implements Abstract {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  constructor(...args: [StructNamed] | [shape: ShapeInput, dtype: Dtype]) {
    const { shape, dtype } = readStruct(args);
    this.shape = shapeOf("ShapeDtypeStruct", shape);
    this.dtype = checkDtype("ShapeDtypeStruct", dtype);
  }
  get ndim(): number {
    return this.shape.length;
  }
  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }
  toString(): string {
    return `ShapeDtypeStruct(shape=${pythonShape(this.shape)}, dtype=${this.dtype})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const isAbstract = (leaf: unknown): leaf is JaxArray | ShapeDtypeStruct =>
  leaf instanceof JaxArray || leaf instanceof ShapeDtypeStruct;

const structOf = ({ shape, dtype }: Abstract): ShapeDtypeStruct => new ShapeDtypeStruct(shape, dtype);

interface Traced {
  readonly inputs: readonly Tensor[];
  readonly leaves: readonly unknown[];
}

/** Calls a function with stand-ins for arrays; numbers are such as a jitted function is given. Returns the shapes of its result. */
function shapesOf(
  fn: string,
  fun: AnyFunction,
  args: readonly unknown[],
  wrap = (body: (i: Tensor[]) => Traced, i: Tensor[]) => body(i),
): unknown {
  const [leaves, treedef] = flatten(args);
  const known = leaves.filter(isAbstract);
  return abstractly(known, (standIns) => {
    let next = 0;
    let result: { shapes: unknown[]; treedef: typeof treedef } | undefined;
    const body = (inputs: Tensor[]): Traced => {
      const given = leaves.map((leaf) => {
        if (isAbstract(leaf)) return new JaxArray(inputs[next++] as Tensor);
        return typeof leaf === "number" ? new TracedNumber(() => leaf) : leaf;
      });
      const y = fun(...(unflatten(treedef, given) as unknown[]));
      if (y instanceof Promise) throw synchronous(fn);
      const [outputs, own] = flatten(y);
      const shapes = outputs.map((leaf) => {
        if (leaf instanceof JaxArray) return structOf(leaf);
        if (typeof leaf === "number") return new ShapeDtypeStruct([], "float32");
        return typeof leaf === "boolean" ? new ShapeDtypeStruct([], "bool") : leaf;
      });
      result = { shapes, treedef: own };
      return { inputs, leaves: outputs };
    };
    wrap(body, standIns);
    return result && unflatten(result.treedef, result.shapes);
  });
}

/** What a function returns, with ShapeDtypeStruct in the place of arrays and numbers. */
export type Shapes<T> = 0 extends 1 & T
  ? T
  : T extends JaxArray | ShapeDtypeStruct | number | boolean
    ? ShapeDtypeStruct
    : T extends object
      ? { [K in keyof T]: Shapes<T[K]> }
      : T;

/**
 * jax.eval_shape: the result of `fun(...args)` with its shapes and dtypes (ShapeDtypeStruct) in the place of arrays, of the
 * structure that `fun` returns. Nothing is computed; arguments may be ShapeDtypeStructs themselves. Throws what `fun` throws,
 * ShapeError say.
 */
export const eval_shape: <F extends AnyFunction>(fun: F, ...args: unknown[]) => Shapes<ReturnType<F>> = define(
  "jax.eval_shape",
  { fun: func, "*args": any, "**kwargs": any },
  ({ fun, args, kwargs }) => {
    const named = kwargs as unknown as object;
    const all = [...(args as unknown as unknown[]), ...(Object.keys(named).length > 0 ? [named] : [])];
    return shapesOf("eval_shape", fun, all);
  },
) as never;

const SHORT: Readonly<Record<Dtype, string>> = {
  float32: "f32",
  float16: "f16",
  bfloat16: "bf16",
  int32: "i32",
  uint32: "u32",
  uint8: "u8",
  bool: "bool",
};
const typeOf = ({ shape, dtype }: Abstract): string => `${SHORT[dtype]}[${shape.join(",")}]`;

/** a, b, ..., z, ba, bb, ... */
function letters(n: number): string {
  const last = String.fromCharCode(97 + (n % 26));
  return n < 26 ? last : letters(Math.floor(n / 26)) + last;
}

/** Numbers, texts and lists of them among the attributes of an op. */
function attributesOf(attrs: unknown): string {
  const plain = (value: unknown): string | undefined => {
    if (["number", "string", "boolean"].includes(typeof value)) return String(value);
    if (!Array.isArray(value)) return undefined;
    const parts = value.map(plain);
    return parts.includes(undefined) ? undefined : `(${parts.join(", ")})`;
  };
  if (typeof attrs !== "object" || attrs === null) return "";
  const shown = Object.entries(attrs).flatMap(([name, value]) => {
    const text = plain(value);
    // Numbers that a family of ops has places for, and this one of them no use.
    const isUnused = /^s\d$/.test(name) && value === 0;
    return text === undefined || isUnused ? [] : [`${name}=${text}`];
  });
  return shown.length > 0 ? `[${shown.join(" ")}]` : "";
}

/** One op of a Jaxpr. */
export interface Equation {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly text: string;
}

/** The ops that a function is made of, in their order: those of Facet, each with the dtypes and shapes of what it gives. */
export class Jaxpr {
  readonly invars: readonly string[];
  readonly constvars: readonly string[];
  readonly eqns: readonly Equation[];
  readonly outvars: readonly string[];
  constructor(parts: Pick<Jaxpr, "invars" | "constvars" | "eqns" | "outvars">) {
    if (!Array.isArray(parts?.eqns))
      throw new ArgumentError({
        op: "Jaxpr",
        argument: "arguments",
        expected: "to be made by make_jaxpr",
        given: show(parts),
      });
    this.invars = parts.invars;
    this.constvars = parts.constvars;
    this.eqns = parts.eqns;
    this.outvars = parts.outvars;
  }
  toString(): string {
    const head = `{ lambda ${this.constvars.join(" ")}; ${this.invars.join(" ")}. let`;
    const results = `(${this.outvars.join(", ")}${this.outvars.length === 1 ? "," : ""})`;
    return [head, ...this.eqns.map(({ text }) => `    ${text}`), `  in ${results} }`].join("\n");
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Names of values, told apart by where they lie and their shape: a reshape is another value in the same place. */
class Names {
  readonly #known = new Map<unknown, Map<string, string>>();
  #count = 0;
  /** The name of a value, and whether it is new. */
  of(x: Tensor): { name: string; isNew: boolean } {
    const own = this.#known.get(x.storage) ?? new Map<string, string>();
    this.#known.set(x.storage, own);
    const key = typeOf(x);
    const known = own.get(key);
    if (known !== undefined) return { name: known, isNew: false };
    return { name: this.give(x), isNew: true };
  }
  give(x: Tensor): string {
    const own = this.#known.get(x.storage) ?? new Map<string, string>();
    this.#known.set(x.storage, own);
    const name = letters(this.#count++);
    own.set(typeOf(x), name);
    return name;
  }
}

function jaxprOf(fun: AnyFunction, args: readonly unknown[]): { jaxpr: Jaxpr; shapes: unknown } {
  const names = new Names();
  const [constvars, eqns]: [string[], Equation[]] = [[], []];
  let [invars, outvars]: [string[], string[]] = [[], []];
  const listener = ({ op, inputs, attrs, outputs }: Application): void => {
    const read = Object.values(inputs).flatMap((x) => {
      if (!x) return [];
      const { name, isNew } = names.of(x);
      if (isNew) constvars.push(`${name}:${typeOf(x)}`);
      return [name];
    });
    const given = outputs.map((y) => names.give(y));
    const types = outputs.map((y, i) => `${given[i]}:${typeOf(y)}`).join(" ");
    const text = `${types} = ${[`${op}${attributesOf(attrs)}`, ...read].join(" ")}`;
    eqns.push({ op, inputs: read, outputs: given, text });
  };
  const shapes = shapesOf("make_jaxpr", fun, args, (body, standIns) => {
    invars = standIns.map((x) => `${names.give(x)}:${typeOf(x)}`);
    const traced = hearingOps(listener, () => body(standIns));
    outvars = traced.leaves.map((leaf) => (leaf instanceof JaxArray ? names.of(leaf.core).name : String(leaf)));
    return traced;
  });
  return { jaxpr: new Jaxpr({ invars, constvars, eqns, outvars }), shapes };
}

/**
 * jax.make_jaxpr: a function that takes the arguments of `fun` (arrays, or ShapeDtypeStructs) and returns the ops that it is made of, to be
 * printed; [jaxpr, shapes of the result] with `return_shape`. The ops are Facet's own.
 */
export const make_jaxpr: <F extends AnyFunction>(
  fun: F,
  ...options: unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: a pair with return_shape.
) => (...args: unknown[]) => any = define(
  "jax.make_jaxpr",
  { fun: func, static_argnums: int.either(listOf(int)).or([]), axis_env: only(null), return_shape: bool.or(false) },
  ({ fun, static_argnums, return_shape }) =>
    (...args: unknown[]) => {
      const fixed = typeof static_argnums === "number" ? [static_argnums] : (static_argnums as readonly number[]);
      const places = fixed.map((at) => (at < 0 ? at + args.length : at));
      const wrong = places.find((at) => at < 0 || at >= args.length);
      if (wrong !== undefined)
        throw new ArgumentError({
          op: "make_jaxpr",
          argument: "static_argnums",
          expected: `positions among ${args.length} arguments`,
          given: `${wrong}`,
        });
      const free = args.filter((_, at) => !places.includes(at));
      const whole = (...given: unknown[]): unknown => {
        const rest = [...given];
        return fun(...args.map((arg, at) => (places.includes(at) ? arg : rest.shift())));
      };
      const { jaxpr, shapes } = jaxprOf(whole, free);
      return return_shape ? [jaxpr, shapes] : jaxpr;
    },
) as never;
