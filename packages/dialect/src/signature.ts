import { ArgumentError, type FacetError, UnsupportedError } from "@facet/autograd";
import { isKeywords } from "./keywords.js";
import { bool, Kind, number, string } from "./kinds.js";
import { camel, nearest, snake } from "./names.js";
import { Only, Parameter, type Rule, type Rules, required, type Values } from "./rules.js";
import { show } from "./show.js";

/** How a parameter may be given, in the words of Python's inspect. */
export type ParameterKind = "positional" | "either" | "keyword" | "positions" | "keywords";

/** A parameter as it was declared. */
export interface Declared {
  readonly name: string;
  readonly how: ParameterKind;
  readonly rule: Rule;
  /** What is checked: undefined for "anything". */
  readonly kind: Kind<unknown> | undefined;
  readonly required: boolean;
  readonly otherwise: unknown;
}

/** A signature as it was declared: tests hold it against the original's. */
export interface Signature {
  /** Public name with the dialect in front: torch.nn.functional.gelu. */
  readonly name: string;
  readonly parameters: readonly Declared[];
  /** Other keywords that the original takes for some of them: axis for dim. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Reads arguments after it, for tests that have its name only. */
  readonly read: (args: readonly unknown[]) => object;
}

export interface SignatureOptions {
  readonly aliases?: Readonly<Record<string, string>>;
}

/** Every signature by its public name; more than one where a function is overloaded. */
export const signatures = new Map<string, Signature[]>();

/** Reads arguments into values by name. */
export interface Reader<V> {
  (args: readonly unknown[]): V;
  /** The same without an error: undefined where the arguments do not fit. */
  readonly attempt: (args: readonly unknown[]) => V | undefined;
  readonly signature: Signature;
}

/** Stands for an error where a reader only tries: errors are dear, and overloads throw them away. */
const MISFIT = Symbol("misfit");

/** Kinds of defaults that are written in place. */
function kindOf(rule: Rule): Kind<unknown> | undefined {
  if (rule instanceof Kind) return rule;
  if (rule instanceof Parameter) return rule.kind;
  if (typeof rule === "number") return number;
  if (typeof rule === "boolean") return bool;
  return typeof rule === "string" ? string : undefined;
}

function declare(rules: Rules): Declared[] {
  const list: Declared[] = [];
  const names = Object.keys(rules);
  const positionOnly = names.indexOf("/");
  let keywordsOnly = false;
  for (const [at, key] of names.entries()) {
    if (key === "/") continue;
    if (key === "*") {
      keywordsOnly = true;
      continue;
    }
    const rule = rules[key] as Rule;
    const how: ParameterKind = key.startsWith("**")
      ? "keywords"
      : key.startsWith("*")
        ? "positions"
        : keywordsOnly
          ? "keyword"
          : at < positionOnly
            ? "positional"
            : "either";
    if (how === "positions") keywordsOnly = true;
    list.push({
      name: key.replace(/^\*+/, ""),
      how,
      rule,
      kind: kindOf(rule),
      required: (rule === required || rule instanceof Kind) && how !== "positions" && how !== "keywords",
      otherwise: rule instanceof Parameter ? rule.otherwise : rule instanceof Only ? rule.value : rule,
    });
  }
  return list;
}

/**
 * A reader of arguments for one public function, method or constructor: positions first, then keywords in a plain object,
 * under the original's names or their camelCase; undefined stands for the default, null for None.
 *
 * A plain object in the last place holds keywords, unless the parameter there takes objects itself: then it is that
 * parameter's value. It is keywords there too when all its names are parameters that have no value yet, and the parameter
 * has a default or is named itself, with all others that are required, in an object of more than one.
 *
 * Throws ArgumentError on a missing or surplus argument, an unknown name (with the nearest known one), one given twice, and
 * a value of the wrong kind; UnsupportedError on a value that the original takes and Facet does not.
 */
export function signature<const R extends Rules>(name: string, rules: R, options?: SignatureOptions): Reader<Values<R>>;
export function signature<V extends object>(
  name: string,
  rules: { readonly [K in keyof V]-?: Rule } & Readonly<Record<string, Rule>>,
  options?: SignatureOptions,
): Reader<V>;
export function signature(name: string, rules: Rules, { aliases = {} }: SignatureOptions = {}): Reader<object> {
  const parameters = declare(rules);
  const reading = readerOf(name, parameters, aliases);
  const read = (args: readonly unknown[]): object => reading(args, false);
  const attempt = (args: readonly unknown[]): object | undefined => {
    try {
      return reading(args, true);
    } catch (error) {
      if (error === MISFIT) return undefined;
      throw error;
    }
  };
  const own: Signature = { name, parameters, aliases, read };
  const known = signatures.get(name);
  if (known) known.push(own);
  else signatures.set(name, [own]);
  return Object.assign(read, { attempt, signature: own });
}

/** The word that errors open with: the last part of the public name. */
const opOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

function readerOf(
  name: string,
  parameters: readonly Declared[],
  aliases: Readonly<Record<string, string>>,
): (args: readonly unknown[], quiet: boolean) => object {
  const op = opOf(name);
  const byPosition = parameters.filter(({ how }) => how === "positional" || how === "either");
  const rest = parameters.find(({ how }) => how === "positions");
  // Those by position come first: what is given has their places.
  const places = [
    ...byPosition,
    ...(rest ? [rest] : []),
    ...parameters.filter((each) => each !== rest && !byPosition.includes(each)),
  ];
  const others = places.findIndex(({ how }) => how === "keywords");
  const byName = new Map<string, Declared>();
  for (const parameter of parameters) {
    if (parameter.how === "positional" || parameter.how === "keywords") continue;
    byName.set(camel(parameter.name), parameter);
    byName.set(parameter.name, parameter);
  }
  for (const [alias, of] of Object.entries(aliases)) {
    const parameter = byName.get(of);
    if (parameter) byName.set(alias, parameter);
  }
  const named = (key: string): Declared | undefined => byName.get(key) ?? byName.get(snake(key));

  const unknown = (key: string): FacetError => {
    const guess = nearest(
      key,
      [...byName.values()].map((parameter) => parameter.name),
    );
    const all = [...new Set([...byName.values()].map((parameter) => parameter.name))].join(", ") || "none";
    return new ArgumentError({
      op,
      argument: key,
      expected: `one of its arguments (${all})`,
      given: guess === undefined ? "a name it does not have" : `a name it does not have: did you mean ${guess}?`,
    });
  };

  /** Whether the plain object in the last place holds keywords. */
  const holdsKeywords = (last: Record<string, unknown>, at: number): boolean => {
    const place = byPosition[at] ?? rest;
    if (!place?.kind?.takesObjects || !place.kind.accepts(last)) return true;
    const given = Object.keys(last).map(named);
    const open = (parameter: Declared | undefined): boolean =>
      parameter !== undefined && (parameter.how === "keyword" || byPosition.indexOf(parameter) >= at);
    if (given.length === 0 || !given.every(open)) return false;
    // Where an object must stand, one is that value, unless it names all that is missing and more.
    const missing = byPosition.slice(at).filter((parameter) => parameter.required);
    return !place.required || (given.length > 1 && missing.every((parameter) => given.includes(parameter)));
  };

  const surplus = (count: number): FacetError =>
    new ArgumentError({
      op,
      argument: "arguments",
      expected: `at most ${byPosition.length} by position (${byPosition.map((each) => each.name).join(", ") || "none"})`,
      given: `${count}`,
    });

  /** Values where nothing is given. Copied, they are one object of one layout, in which what is given is put in its place. */
  const defaults: Record<string, unknown> = {};
  for (const parameter of places) defaults[parameter.name] = parameter.required ? undefined : parameter.otherwise;

  /** Values by place after the arguments, those by keyword among them. */
  const byPlace = (
    args: readonly unknown[],
    count: number,
    keywords: Record<string, unknown> | undefined,
    quiet: boolean,
  ): unknown[] => {
    const given = args.slice(0, Math.min(count, byPosition.length));
    if (rest && count > byPosition.length) given[byPosition.length] = args.slice(byPosition.length, count);
    const further: Record<string, unknown> | undefined = others < 0 ? undefined : {};
    for (const key of keywords ? Reflect.ownKeys(keywords) : []) {
      if (typeof key === "symbol") throw quiet ? MISFIT : unknown(String(key));
      const value = keywords?.[key];
      const parameter = named(key);
      if (!parameter) {
        if (!further) throw quiet ? MISFIT : unknown(key);
        further[key] = value;
        continue;
      }
      if (value === undefined) continue;
      const at = places.indexOf(parameter);
      if (given[at] !== undefined)
        throw quiet ? MISFIT : new ArgumentError({ op, argument: parameter.name, expected: "one value", given: "two" });
      given[at] = value;
    }
    if (further) given[others] = further;
    return given;
  };

  // Runs in every call of a public function: nothing is made for errors that are not thrown, and most calls have positions only.
  return (args, quiet) => {
    const last = args[args.length - 1];
    const keywords = isKeywords(last) && holdsKeywords(last, args.length - 1) ? last : undefined;
    const count = keywords ? args.length - 1 : args.length;
    if (count > byPosition.length && !rest) throw quiet ? MISFIT : surplus(count);
    const simple = !keywords && count <= byPosition.length;
    const given = simple ? args : byPlace(args, count, keywords, quiet);
    const values = { ...defaults };
    for (let i = 0; i < places.length; i++) {
      const parameter = places[i] as Declared;
      const value = given[i];
      if (value !== undefined) values[parameter.name] = checked(op, parameter, value, quiet);
      else if (parameter.required) throw quiet ? MISFIT : missing(op, parameter);
      // Lists and objects of a caller's own.
      else if (parameter.how === "positions") values[parameter.name] = [];
      else if (parameter.how === "keywords") values[parameter.name] = {};
    }
    return values;
  };
}

const missing = (op: string, { name, kind }: Declared): FacetError =>
  new ArgumentError({ op, argument: name, expected: kind === undefined ? "a value" : kind.expected, given: "none" });

/** A parameter's value as it was given, held against what it may be. */
function checked(op: string, parameter: Declared, value: unknown, quiet: boolean): unknown {
  const { name, rule, kind, how } = parameter;
  if (rule instanceof Only) {
    if (same(rule.value, value) || rule.also.some((allowed) => same(allowed, value))) return rule.value;
    const expected = `${show(rule.value)}: other values are not supported`;
    throw quiet ? MISFIT : new UnsupportedError({ op, argument: name, expected, given: show(value) });
  }
  if (kind === undefined || kind.accepts(value)) return value;
  if (how === "keywords") return value;
  if (how === "positions" && Array.isArray(value) && value.every((each) => kind.accepts(each))) return value;
  if (rule instanceof Parameter && same(rule.otherwise, value)) return value;
  throw quiet ? MISFIT : new ArgumentError({ op, argument: name, expected: kind.expected, given: show(value) });
}

/** Equal, lists element by element. */
const same = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, i) => same(each, b[i])));

/**
 * A public function: its arguments are read after the signature and handed to `body` by name. The type of what it returns is
 * the caller's to write, with the labels that users see: `const relu: (input: Tensor, ...args: ...) => Tensor = define(...)`.
 */
export function define<const R extends Rules, T>(
  name: string,
  rules: R,
  body: (values: Values<R>) => T,
  options?: SignatureOptions,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): (...args: any[]) => T {
  const read = signature(name, rules, options);
  return (...args) => body(read(args));
}

/**
 * A reader for a function with several signatures, told apart by what is given: the first that fits. Values come with the
 * index of that form. When none fits, the error is that of the form which took the most arguments.
 */
export function overloads<const F extends readonly Rules[]>(
  name: string,
  ...forms: F
): (args: readonly unknown[]) => { [I in keyof F]: { form: I; values: Values<F[I]> } }[number] {
  return overloadsWith({}, name, ...forms);
}

/** overloads whose forms have options. */
export function overloadsWith<const F extends readonly Rules[]>(
  options: SignatureOptions,
  name: string,
  ...forms: F
): (args: readonly unknown[]) => { [I in keyof F]: { form: I; values: Values<F[I]> } }[number] {
  const readers = forms.map((rules) => signature(name, rules, options));
  return (args) => {
    for (const [form, read] of readers.entries()) {
      const values = read.attempt(args);
      if (values) return { form: `${form}`, values } as never;
    }
    const errors: { error: FacetError; at: number }[] = [];
    for (const read of readers) {
      try {
        read(args);
      } catch (error) {
        if (!(error instanceof ArgumentError || error instanceof UnsupportedError)) throw error;
        errors.push({ error, at: weight(read.signature, error) });
      }
    }
    throw errors.reduce((best, each) => (each.at > best.at ? each : best)).error;
  };
}

/** How far a form had come when it failed. */
function weight({ parameters }: Signature, error: FacetError): number {
  // An argument that is known and supported in another way counts for more than one that is not known.
  if (error instanceof UnsupportedError) return Infinity;
  // Too many by position for one form may be right for another, a name that one does not know likewise.
  return error.argument === "arguments" ? -2 : parameters.findIndex(({ name }) => name === error.argument);
}
