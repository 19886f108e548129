// Vocabularies: words or whole numbers and their places, learnt or given, as the layers that look things up share them.
import { ArgumentError, type Tensor as CoreTensor, fromData, mul } from "@facet/autograd";
import { type Args, any, bool, Kind, listOf, number, oneOf, show, signature, string } from "@facet/dialect";
import { Tensor } from "../tensor.js";
import { encoded, type OutputMode } from "./encoding.js";

export type Words = string | readonly Words[];
type Mode = OutputMode | "tf_idf";
const isWords = (value: unknown): boolean =>
  typeof value === "string" || (Array.isArray(value) && value.every(isWords));
export const words = new Kind<Words>("a string, or nested lists of them", isWords);

export const int32 = (places: readonly number[], shape: readonly number[]): CoreTensor =>
  fromData(Int32Array.from(places), shape, "int32");
export const outputModes = oneOf("int", "one_hot", "multi_hot", "count", "tf_idf").or("int" as Mode);
export const weightsKind = listOf(number).or(null);
export const wordList = listOf(string).or(null);

/** How a layer is asked for its vocabulary. */
export const vocabularyReaders = (name: string) => ({
  get: signature(`keras.layers.${name}.get_vocabulary`, { include_special_tokens: bool.or(true) }),
  size: signature(`keras.layers.${name}.vocabulary_size`, {}),
  set: signature(`keras.layers.${name}.set_vocabulary`, { vocabulary: listOf(any), idf_weights: weightsKind }),
});

/** What get_vocabulary takes. */
export type GetVocabulary = Args<[include_special_tokens: boolean], { include_special_tokens: boolean }>;
/** What set_vocabulary takes. */
export type SetVocabulary<T> = Args<
  [vocabulary: readonly T[], idf_weights: readonly number[] | null],
  { vocabulary: readonly T[]; idf_weights: readonly number[] | null }
>;

interface Setting<T> {
  readonly op: string;
  readonly max_tokens: number | null;
  readonly num_oov_indices: number;
  readonly mask_token: T | null;
  readonly oov_token: T;
  readonly output_mode: Mode;
  readonly pad_to_max_tokens: boolean;
}

/** A vocabulary: special tokens first, as the original numbers them. */
export class Vocabulary<T extends string | number> {
  readonly #setting: Setting<T>;
  tokens: readonly T[] = [];
  weights: readonly number[] | undefined;
  #places = new Map<T, number>();

  constructor(setting: Setting<T>) {
    this.#setting = setting;
  }

  /** Of what is in no vocabulary. */
  get firstUnknown(): number {
    return this.#setting.mask_token !== null && this.#setting.output_mode === "int" ? 1 : 0;
  }

  get first(): number {
    return this.firstUnknown + this.#setting.num_oov_indices;
  }

  get special(): T[] {
    const { mask_token, oov_token, num_oov_indices } = this.#setting;
    const masks = this.firstUnknown === 1 ? [mask_token as T] : [];
    return [...masks, ...new Array<T>(num_oov_indices).fill(oov_token)];
  }

  get all(): T[] {
    return [...this.special, ...this.tokens];
  }

  get depth(): number {
    const { pad_to_max_tokens, max_tokens } = this.#setting;
    return pad_to_max_tokens && max_tokens !== null ? max_tokens : this.first + this.tokens.length;
  }

  /** The tokens, with the special ones before them or without. */
  listed({ include_special_tokens }: { include_special_tokens: boolean }): T[] {
    return include_special_tokens ? this.all : [...this.tokens];
  }

  /** Sets the tokens, with the special ones before them or without. */
  set(given: readonly T[], idf: readonly number[] | null): void {
    const { op, max_tokens, mask_token, output_mode } = this.#setting;
    const refuse = (argument: string, expected: string, text: string): never => {
      throw new ArgumentError({ op, argument, expected, given: text });
    };
    if (given.length === 0) refuse("vocabulary", "at least one token", "none");
    const whole = this.first > 0 && this.special.every((token, i) => given[i] === token);
    const tokens = whole ? given.slice(this.first) : [...given];
    const repeated = tokens.find((token, i) => tokens.indexOf(token) !== i);
    if (repeated !== undefined) refuse("vocabulary", "every token once", `${show(repeated)} twice`);
    if (mask_token !== null && tokens.includes(mask_token))
      refuse("vocabulary", "special tokens in their order before all others, or left out", show(mask_token));
    if (max_tokens !== null && this.first + tokens.length > max_tokens)
      refuse("vocabulary", `at most max_tokens ${max_tokens}`, `${this.first + tokens.length}`);
    this.tokens = tokens;
    this.#places = new Map(tokens.map((token, i) => [token, this.first + i]));
    if (output_mode !== "tf_idf") return;
    if (idf === null) return;
    if (idf.length !== given.length) refuse("idf_weights", `${given.length}, as the vocabulary`, `${idf.length}`);
    const mean = idf.reduce((a, b) => a + b, 0) / idf.length;
    this.#weigh(whole ? idf : [...new Array<number>(this.first).fill(mean), ...idf]);
  }

  #weigh(weights: readonly number[]): void {
    this.weights = [...weights, ...new Array<number>(this.depth - weights.length).fill(0)];
  }

  /** Takes the tokens of documents, the most frequent first, of equals the last in order first. */
  learn(documents: readonly (readonly T[])[]): void {
    const { max_tokens, mask_token, oov_token, output_mode } = this.#setting;
    const counts = new Map<T, number>();
    const within = new Map<T, number>();
    for (const document of documents) {
      for (const token of document) counts.set(token, (counts.get(token) ?? 0) + 1);
      for (const token of new Set(document)) within.set(token, (within.get(token) ?? 0) + 1);
    }
    for (const token of [mask_token, oov_token]) if (token !== null) counts.delete(token);
    const order = [...counts.keys()].sort(
      (a, b) => (counts.get(b) as number) - (counts.get(a) as number) || (a < b ? 1 : -1),
    );
    const tokens = max_tokens === null ? order : order.slice(0, max_tokens - this.first);
    if (tokens.length > 0) this.set(tokens, null);
    if (output_mode !== "tf_idf") return;
    const idf = tokens.map((token) => Math.log(1 + documents.length / (1 + (within.get(token) as number))));
    const mean = idf.reduce((a, b) => a + b, 0) / idf.length;
    this.#weigh([...new Array<number>(this.first).fill(mean), ...idf]);
  }

  /** The place of a token. What is masked is left out of vectors. */
  place(token: T): number {
    const { op, mask_token, num_oov_indices, output_mode } = this.#setting;
    if (mask_token !== null && token === mask_token) return output_mode === "int" ? 0 : -1;
    const found = this.#places.get(token);
    if (found !== undefined) return found;
    if (num_oov_indices === 1) return this.firstUnknown;
    if (num_oov_indices > 1 && typeof token === "number")
      return this.firstUnknown + (((token % num_oov_indices) + num_oov_indices) % num_oov_indices);
    const expected = "tokens of the vocabulary, as num_oov_indices is 0";
    throw new ArgumentError({ op, argument: "inputs", expected, given: show(token) });
  }

  /** Places as the layer gives them: int32, or vectors. */
  encoded(places: CoreTensor): Tensor {
    const { op, output_mode } = this.#setting;
    if (output_mode === "int") return new Tensor(places);
    if (output_mode !== "tf_idf") return new Tensor(encoded(places, output_mode, this.depth, "int32"));
    if (!this.weights) {
      const expected = "idf_weights, or data by adapt";
      throw new ArgumentError({ op, argument: "idf_weights", expected, given: "none" });
    }
    const weights = fromData(Float32Array.from(this.weights), [this.weights.length]);
    return new Tensor(mul(encoded(places, "count", this.depth, "float32"), weights));
  }
}

/** A vocabulary as a layer's arguments say. */
export function vocabularyOf<T extends string | number>(
  layer: Omit<Setting<T>, "op"> & { readonly className: string },
  given: readonly T[] | null,
  idf: readonly number[] | null,
): Vocabulary<T> {
  const { className: op, max_tokens, num_oov_indices, mask_token, oov_token, output_mode, pad_to_max_tokens } = layer;
  const setting = { op, max_tokens, num_oov_indices, mask_token, oov_token, output_mode, pad_to_max_tokens };
  const made = new Vocabulary<T>(setting);
  if (given !== null) made.set(given, idf);
  return made;
}

/** Nested lists as leaves and shape. Throws ArgumentError on lists of different lengths. */
export function leaves(op: string, value: Words): { flat: string[]; shape: number[] } {
  if (typeof value === "string") return { flat: [value], shape: [] };
  const parts = value.map((each) => leaves(op, each));
  const inner = parts[0]?.shape ?? [];
  if (parts.some(({ shape }) => `${shape}` !== `${inner}`))
    throw new ArgumentError({ op, argument: "inputs", expected: "lists of one length", given: "lists of several" });
  return { flat: parts.flatMap(({ flat }) => flat), shape: [value.length, ...inner] };
}

/** What a layer of words was called with, as such. Throws ArgumentError. */
export function expectWords(op: string, inputs: unknown): Words {
  if (isWords(inputs)) return inputs as Words;
  throw new ArgumentError({ op, argument: "inputs", expected: words.expected, given: show(inputs) });
}
