// What PyTorch's arguments may be beyond what those of all dialects are, and how its functions are declared.
import { ArgumentError } from "@facet/autograd";
import {
  bool,
  define,
  instance,
  int,
  isKeywords,
  Kind,
  listOf,
  mapping,
  number,
  oneOrMore,
  only,
  overloadsWith,
  type Rules,
  type SignatureOptions,
  snake,
  string,
  type Values,
} from "@facet/dialect";
import { Device, Dtype } from "./dtype.js";
import { Generator } from "./random.js";
import { Tensor } from "./tensor.js";

/** What stands beside a tensor in arithmetic. */
export type Operand = Tensor | number | boolean;

export const tensor = instance(() => Tensor, "a Tensor");
export const tensors = listOf(tensor);
/** What PyTorch calls a Number. */
export const scalar = number.either(bool);
export const operand: Kind<Operand> = tensor.either(scalar);
export const dtype = instance(() => Dtype, "a dtype such as torch.float32");
export const device = instance(() => Device, "a torch.device").either(string);
export const generator = instance(() => Generator, "a torch.Generator");
/** Extents, or numbers of dimensions. */
export const ints = listOf(int);

/** Throws where numbers that may come one by one did not come at all. */
export function requireSome(op: string, argument: string, list: readonly number[]): void {
  if (list.length === 0) throw new ArgumentError({ op, argument, expected: ints.expected, given: "none" });
}

/** Values of one kind one after another, in whatever JavaScript goes through: a list, a generator, a set. */
export const iterable = <T>(expected: string): Kind<Iterable<T>> =>
  new Kind(
    expected,
    (value) => typeof (value as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] === "function",
  );

/** An object of values by name. It is keywords where it has the argument's own name for another object. */
export const named = <T>(argument: string, expected: string): Kind<T> =>
  mapping<Record<string, unknown>>().where(
    expected,
    (value) => !Object.entries(value).some(([key, each]) => snake(key) === argument && isKeywords(each)),
  ) as unknown as Kind<T>;

/** Where a module's parameters are made: there is one device, and they are float32. */
export const placement = { device: device.or(null), dtype: dtype.or(null) } as const;
/** For a key with a star, whose value is the list of what each is checked to be. */
export const each = <T>(kind: Kind<T>): Kind<readonly T[]> => kind as unknown as Kind<readonly T[]>;
/** One dimension or several. */
export const dims = oneOrMore(int);

/** Where an argument says where results go: they are always new. */
export const out = only(null);
/** Tensors are contiguous and lie in the device's memory. */
export const memory_format = only(null);
export const creation = {
  dtype: dtype.or(null),
  layout: only(null),
  device: device.or(null),
  pin_memory: only(false),
  requires_grad: false,
} as const;

/** Names by which NumPy knows arguments: PyTorch takes them in the functions that are written in C++. */
const numpy: SignatureOptions = {
  aliases: { axis: "dim", keepdims: "keepdim", x: "input", a: "input", x1: "input", x2: "other" },
};

/** A function of the namespace torch, or a method of a tensor, with its arguments by name. */
export function native<const R extends Rules, T>(
  name: string,
  rules: R,
  body: (values: Values<R>) => T,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): (...args: any[]) => T {
  return define(`torch.${name}`, rules, body, numpy);
}

/** A reader for such a function with several forms. */
export const forms = <const R extends readonly Rules[]>(name: string, ...rules: R) =>
  overloadsWith(numpy, `torch.${name}`, ...rules);

/** Any value, plain objects too. One that has the argument's own name is keywords. */
export const anything = (argument: string): Kind<unknown> =>
  new Kind<unknown>(
    "a value",
    (value) => !(isKeywords(value) && Object.keys(value).some((key) => snake(key) === argument)),
    true,
  );
