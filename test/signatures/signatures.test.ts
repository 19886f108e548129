// Every callable that a dialect exports: its signature is entered, agrees with the original's, refuses what it does not know,
// and takes every argument by name as by position. One dialect: npx vitest run test/signatures -t torch
import { FacetError } from "@facet/autograd";
import { type Declared, type Signature, signatures } from "@facet/dialect";
import { afterAll, describe, expect, test } from "vitest";
import { asMethod, type Difference, differences } from "./compare.js";
import { exceptions } from "./exceptions.js";
import { type Callable, callablesOf } from "./exports.js";
import { dialects, loadSignatures } from "./golden.js";
import { sampleOf } from "./samples.js";

/** Where functions of arrays stand whose methods are made of them. */
const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  "torch.Tensor": ["torch", "torch.nn.functional"],
  "jax.Array": ["jax.numpy"],
};

/** Where functions stand that a namespace has from another one. */
const BORROWED: Readonly<Record<string, readonly string[]>> = {
  "flax.nnx": ["jax.nn", "flax.linen"],
  "flax.linen": ["jax.nn", "flax.nnx"],
  "flax.nnx.initializers": ["jax.nn.initializers", "flax.linen.initializers"],
  "flax.linen.initializers": ["jax.nn.initializers"],
};

interface Entered {
  readonly name: string;
  readonly forms: readonly (readonly Declared[])[];
  readonly signatures: readonly Signature[];
}

/** What is entered for a callable, under one of its names or, for a method, as the function that it is made of. */
function entered({ names, kind }: Callable): Entered | undefined {
  for (const name of names) {
    const own = signatures.get(name);
    if (own) return { name, forms: own.map(({ parameters }) => parameters), signatures: own };
  }
  for (const name of names) {
    const at = name.lastIndexOf(".");
    for (const space of (kind === "function" && BORROWED[name.slice(0, at)]) || []) {
      const own = signatures.get(`${space}${name.slice(at)}`);
      if (own) return { name, forms: own.map(({ parameters }) => parameters), signatures: own };
    }
  }
  if (kind !== "method") return undefined;
  for (const name of names) {
    const at = name.lastIndexOf(".");
    for (const space of FUNCTIONS[name.slice(0, at)] ?? []) {
      const own = signatures.get(`${space}${name.slice(at)}`);
      if (own) return { name, forms: own.map(asMethod), signatures: own };
    }
  }
  return undefined;
}

const positions = (form: readonly Declared[]): readonly Declared[] =>
  form.filter(({ how }) => how === "positional" || how === "either");

const takesAnything = ({ how, kind }: Declared): boolean =>
  how === "keywords" || (how === "positions" && kind?.takesObjects === true);

/** An object in the place of the one required argument that takes objects is its value, also where it has its name. */
const isAlone = (each: Declared, all: readonly Declared[]): boolean =>
  each.kind?.takesObjects === true && each.required && all.filter(({ required }) => required).length === 1;

const camel = (name: string): string => name.replace(/(?<=[^_])_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The name under which made-up keywords are given. */
const MADE_UP = "no_such_argument";

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

const counts = new Map<string, Record<string, number>>();
const used = new Set<string>();

describe.each(dialects)("%s", (dialect) => {
  const golden = loadSignatures(dialect);
  const callables = callablesOf(dialect).filter(({ names }) => !names.some((name) => exceptions.internal(name)));
  const count: Record<string, number> = {
    callables: callables.length,
    entered: callables.filter(entered).length,
    compared: 0,
    "not in the original": 0,
  };
  counts.set(dialect, count);

  test("every callable is entered", () => {
    expect(callables.length).toBeGreaterThan(0);
    expect(count.entered).toBe(callables.length);
  });

  for (const callable of callables) {
    const [first] = callable.names as [string];
    describe(first, () => {
      test("is read by a signature and refuses a made-up keyword", async () => {
        const found = entered(callable);
        expect(found, `no signature is entered for ${callable.names.join(" or ")}`).toBeDefined();
        // What takes any keyword, or trees in any number, cannot tell.
        if ((found as Entered).forms.some((form) => form.some(takesAnything))) return;
        const places = Math.max(...(found as Entered).forms.map((form) => positions(form).length));
        const error = await thrownBy(() => callable.call([...Array(places).fill(undefined), { [MADE_UP]: 1 }]));
        expect(error, `${first} takes a made-up keyword`).toBeInstanceOf(FacetError);
        expect((error as FacetError).argument).toBe(MADE_UP);
      });

      const found = entered(callable);
      if (!found) return;
      test("has the original's arguments", () => {
        const originals = callable.names.map((name) => golden.signatures.get(name)).find((each) => each !== undefined);
        if (!originals) {
          count["not in the original"] = (count["not in the original"] as number) + 1;
          expect(exceptions.ours(first), `${first} is not in the original: say why it is here`).toBe(true);
          return;
        }
        count.compared = (count.compared as number) + 1;
        const known = exceptions.of(callable.names);
        const left = differences(found.forms, originals).filter(({ argument }) => {
          const reason = known.get(argument);
          if (reason) used.add(`${reason.name}: ${argument}`);
          return !reason;
        });
        expect(left, `${first} differs from the original`).toEqual([] as Difference[]);
      });

      test("takes every argument by name as by position", () => {
        for (const { parameters, read } of found.signatures) byName(parameters, read);
      });
    });
  }
});

/** Holds values read by position against the same values read by name. */
function byName(parameters: readonly Declared[], read: Signature["read"]): void {
  const samples = new Map<string, unknown>();
  for (const each of parameters) {
    if (each.how === "keywords") continue;
    const sample = sampleOf(each);
    expect(sample, `no sample is ${each.kind?.expected}: add one to samples.ts`).toBeDefined();
    samples.set(each.name, each.how === "positions" ? [sample] : sample);
  }
  const places = positions(parameters);
  const rest = parameters.find(({ how }) => how === "positions");
  const inPlace = [
    ...places.map(({ name }) => samples.get(name)),
    ...((rest ? samples.get(rest.name) : []) as readonly unknown[]),
  ];
  const named = (spell: (name: string) => string, which: (each: Declared) => boolean): Record<string, unknown> =>
    Object.fromEntries(parameters.filter(which).map(({ name }) => [spell(name), samples.get(name)]));
  const byKeywordOnly = ({ how }: Declared): boolean => how === "keyword";
  const inPlaceOnly = (each: Declared): boolean =>
    each.how === "positional" ||
    isAlone(each, parameters) ||
    (each.how !== "keyword" && each.how !== "keywords" && rest?.kind?.takesObjects === true);
  const first = parameters
    .filter(inPlaceOnly)
    .flatMap(({ name, how }) => (how === "positions" ? (samples.get(name) as unknown[]) : [samples.get(name)]));
  const call = (list: readonly unknown[], names: Record<string, unknown>): object =>
    read(Object.keys(names).length > 0 ? [...list, names] : list);
  const byPosition = call(
    inPlace,
    named((name) => name, byKeywordOnly),
  );
  for (const spell of [(name: string) => name, camel]) {
    const byKeyword = call(
      first,
      named(spell, (each) => !inPlaceOnly(each) && each.how !== "keywords"),
    );
    for (const { name } of parameters) {
      const [one, other] = [byKeyword, byPosition].map((values) => (values as Record<string, unknown>)[name]);
      if (!identical(one, other)) expect(one, name).toStrictEqual(other);
    }
  }
}

/** The same object, or lists of the same: samples have no contents that could be compared. */
const identical = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, i) => identical(each, b[i])));

test("every exception is one", () => {
  const unused = exceptions.all().filter((each) => !used.has(each));
  expect(unused).toEqual([]);
});

afterAll(() => {
  for (const [dialect, count] of counts)
    console.log(
      `${dialect}: ${Object.entries(count)
        .map(([name, value]) => `${value} ${name}`)
        .join(", ")}`,
    );
});
