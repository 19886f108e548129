// What PyTorch's arguments may be beyond what those of all dialects are.
import { bool, instance, int, isKeywords, Kind, listOf, mapping, number, snake, string } from "@facet/dialect";
import { Device, Dtype } from "./dtype.js";
import { Generator } from "./random.js";
import { Tensor } from "./tensor.js";

export const tensor = instance(() => Tensor, "a Tensor");
/** What PyTorch calls a Number. */
export const scalar = number.either(bool);
export const dtype = instance(() => Dtype, "a dtype such as torch.float32");
export const device = instance(() => Device, "a torch.device").either(string);
export const generator = instance(() => Generator, "a torch.Generator");
/** Extents, or numbers of dimensions. */
export const ints = listOf(int);

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

/** Arguments that PyTorch keeps for old programs. */
export const legacyReduction = { size_average: bool.or(null), reduce: bool.or(null) } as const;

/** Where a module's parameters are made: there is one device, and they are float32. */
export const placement = { device: device.or(null), dtype: dtype.or(null) } as const;
