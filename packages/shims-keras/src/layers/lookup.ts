// Words and whole numbers by their place in a vocabulary. Words are on the host: lists of strings.
import {
  ArgumentError,
  add,
  type Tensor as CoreTensor,
  cast,
  equal,
  fromData,
  mul,
  remainder,
  searchSorted,
  take,
  UnsupportedError,
  where,
} from "@facet/autograd";
import {
  type Args,
  any,
  bool,
  func,
  int,
  Kind,
  listOf,
  number,
  oneOf,
  only,
  show,
  signature,
  string,
} from "@facet/dialect";
import { hostArray, nameKind, positive, wholeNumber } from "../kinds.js";
import { hostData } from "../ndarray.js";
import { floats, type Shape, Tensor, type TensorDtype } from "../tensor.js";
import { layerClass, layerOf } from "./define.js";
import { encoded, encodedShape, type OutputMode } from "./encoding.js";

export type Words = string | readonly Words[];
type Mode = OutputMode | "tf_idf";
const isWords = (value: unknown): boolean =>
  typeof value === "string" || (Array.isArray(value) && value.every(isWords));
const words = new Kind<Words>("a string, or nested lists of them", isWords);

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
class Vocabulary<T extends string | number> {
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

/** Nested lists as leaves and shape. Throws ArgumentError on lists of different lengths. */
function leaves(op: string, value: Words): { flat: string[]; shape: number[] } {
  if (typeof value === "string") return { flat: [value], shape: [] };
  const parts = value.map((each) => leaves(op, each));
  const inner = parts[0]?.shape ?? [];
  if (parts.some(({ shape }) => `${shape}` !== `${inner}`))
    throw new ArgumentError({ op, argument: "inputs", expected: "lists of one length", given: "lists of several" });
  return { flat: parts.flatMap(({ flat }) => flat), shape: [value.length, ...inner] };
}

const int32 = (places: readonly number[], shape: readonly number[]): CoreTensor =>
  fromData(Int32Array.from(places), shape, "int32");
const modes = oneOf("int", "one_hot", "multi_hot", "count", "tf_idf").or("int" as Mode);
const weightsKind = listOf(number).or(null);
const wordList = listOf(string).or(null);

/** How a layer is asked for its vocabulary. */
const readers = (name: string) => ({
  get: signature(`keras.layers.${name}.get_vocabulary`, { include_special_tokens: bool.or(true) }),
  size: signature(`keras.layers.${name}.vocabulary_size`, {}),
  set: signature(`keras.layers.${name}.set_vocabulary`, { vocabulary: listOf(any), idf_weights: weightsKind }),
});

const stringRules = {
  max_tokens: positive.or(null),
  num_oov_indices: wholeNumber.or(1),
  mask_token: string.or(null),
  oov_token: string.or("[UNK]"),
  vocabulary: wordList,
  idf_weights: weightsKind,
  invert: bool.or(false),
  output_mode: modes,
  pad_to_max_tokens: bool.or(false),
  sparse: only(false),
  encoding: only("utf-8"),
  name: nameKind.or(null),
  salt: only(null),
  "*": null,
  oov_method: only("floormod"),
} as const;
const ofStrings = readers("StringLookup");
const readStrings = signature("keras.layers.StringLookup.adapt", { data: words, steps: only(null) });

/** Strings, in nested lists, as places in a vocabulary or vectors of them. `invert` is not there: there are no tensors of strings. */
class StringLookupLayer extends layerOf(
  "StringLookup",
  stringRules,
  ["max_tokens", "num_oov_indices", "mask_token", "oov_token"],
  {
    normal: ({ invert, num_oov_indices }, op) => {
      if (invert)
        throw new UnsupportedError({
          op,
          argument: "invert",
          expected: "false: there are no tensors of strings",
          given: "true",
        });
      if (num_oov_indices > 1) {
        const expected = "0 or 1: words are not hashed";
        throw new UnsupportedError({ op, argument: "num_oov_indices", expected, given: `${num_oov_indices}` });
      }
      return { invert: false as const };
    },
  },
) {
  override built = true;
  readonly #words = vocabularyOf(this as never, this.vocabulary, this.idf_weights);

  override __call__(...args: unknown[]): unknown {
    const [inputs] = args;
    if (!isWords(inputs))
      throw new ArgumentError({
        op: this.className,
        argument: "inputs",
        expected: words.expected,
        given: show(inputs),
      });
    const { flat, shape } = leaves(this.className, inputs as Words);
    return this.#words.encoded(
      int32(
        flat.map((word) => this.#words.place(word)),
        shape,
      ),
    );
  }

  /** Takes the vocabulary of data: the most frequent words first. */
  adapt(...args: Args<[data: Words], { data: Words }>): void {
    const { data } = readStrings(args);
    const documents = (Array.isArray(data) ? data : [data]) as readonly Words[];
    this.#words.learn(documents.map((each) => leaves(this.className, each).flat));
  }

  get_vocabulary(...args: Args<[include_special_tokens: boolean], { include_special_tokens: boolean }>): string[] {
    return ofStrings.get(args).include_special_tokens ? this.#words.all : [...this.#words.tokens];
  }

  vocabulary_size(...args: []): number {
    ofStrings.size(args);
    return this.#words.all.length;
  }

  set_vocabulary(
    ...args: Args<
      [vocabulary: readonly string[], idf_weights: readonly number[] | null],
      { vocabulary: readonly string[]; idf_weights: readonly number[] | null }
    >
  ): void {
    const given = ofStrings.set(args);
    this.#words.set(given.vocabulary as readonly string[], given.idf_weights);
  }
}

/** A vocabulary as a layer's arguments say. */
function vocabularyOf<T extends string | number>(
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

const integerRules = {
  max_tokens: positive.or(null),
  num_oov_indices: wholeNumber.or(1),
  mask_token: int.or(null),
  oov_token: int.or(-1),
  vocabulary: listOf(int).or(null),
  vocabulary_dtype: oneOf("int64", "int32").or("int64" as "int64" | "int32"),
  idf_weights: weightsKind,
  invert: bool.or(false),
  output_mode: modes,
  sparse: only(false),
  pad_to_max_tokens: bool.or(false),
  oov_method: only("floormod"),
  salt: only(null),
  name: nameKind.or(null),
} as const;
const ofIntegers = readers("IntegerLookup");
const readIntegers = signature("keras.layers.IntegerLookup.adapt", { data: hostArray, steps: only(null) });

/** Whole numbers as places in a vocabulary or vectors of them; with `invert` places as the numbers there. */
class IntegerLookupLayer extends layerOf("IntegerLookup", integerRules, [
  "max_tokens",
  "num_oov_indices",
  "mask_token",
  "oov_token",
]) {
  readonly #numbers = vocabularyOf<number>(this as never, this.vocabulary, this.idf_weights);

  protected override outputDtype(_: TensorDtype): TensorDtype {
    return this.output_mode === "tf_idf" ? "float32" : "int32";
  }

  override compute_output_shape(shape: Shape): Shape {
    const mode = this.output_mode === "tf_idf" ? "count" : this.output_mode;
    return encodedShape(shape, this.invert ? "int" : mode, this.#numbers.depth);
  }

  /** Takes the vocabulary of data on the host: the most frequent numbers first. */
  adapt(...args: Args<[data: readonly unknown[]], { data: readonly unknown[] }>): void {
    const { data, shape } = hostData("adapt", readIntegers(args).data);
    const width = data.length / (shape[0] ?? 1);
    const all = Array.from(data, Math.trunc);
    this.#numbers.learn(Array.from({ length: shape[0] ?? 1 }, (_, i) => all.slice(i * width, (i + 1) * width)));
  }

  get_vocabulary(...args: Args<[include_special_tokens: boolean], { include_special_tokens: boolean }>): number[] {
    return ofIntegers.get(args).include_special_tokens ? this.#numbers.all : [...this.#numbers.tokens];
  }

  vocabulary_size(...args: []): number {
    ofIntegers.size(args);
    return this.#numbers.all.length;
  }

  set_vocabulary(
    ...args: Args<
      [vocabulary: readonly number[], idf_weights: readonly number[] | null],
      { vocabulary: readonly number[]; idf_weights: readonly number[] | null }
    >
  ): void {
    const given = ofIntegers.set(args);
    this.#numbers.set(given.vocabulary as readonly number[], given.idf_weights);
  }

  /** On the device: the vocabulary in order, and where each of its numbers has its place. */
  override call(x: Tensor): Tensor {
    const given = cast(x.core, "int32");
    const { tokens, first, firstUnknown, all } = this.#numbers;
    if (this.invert) {
      const inside = new Tensor(take(int32(all, [all.length]), given, { axis: 0, mode: "clip" } as never)).core;
      const known = equal(searchSorted(fromData(Float32Array.of(-0.5, all.length - 0.5), [2]), floats(x)), 1);
      return new Tensor(where(known, inside, this.oov_token));
    }
    if (tokens.length === 0) {
      const expected = "a vocabulary, or data by adapt";
      throw new ArgumentError({ op: this.className, argument: "vocabulary", expected, given: "none" });
    }
    if (this.num_oov_indices === 0) {
      const expected = "at least 1: what is no token is not looked for on the device";
      throw new UnsupportedError({ op: this.className, argument: "num_oov_indices", expected, given: "0" });
    }
    const order = tokens.map((_, i) => i).sort((a, b) => (tokens[a] as number) - (tokens[b] as number));
    const sorted = int32(
      order.map((i) => tokens[i] as number),
      [order.length],
    );
    const near = searchSorted(cast(sorted, "float32"), floats(x));
    const at = where(equal(near, order.length), order.length - 1, near);
    const found = equal(take(sorted, at, { axis: 0 } as never), given);
    const place = take(
      int32(
        order.map((i) => first + i),
        [order.length],
      ),
      at,
      { axis: 0 } as never,
    );
    const unknown =
      this.num_oov_indices === 1 ? firstUnknown : add(remainder(given, this.num_oov_indices), firstUnknown);
    let places = where(found, place, unknown);
    if (this.mask_token !== null)
      places = where(equal(given, this.mask_token), this.output_mode === "int" ? 0 : -1, places);
    return this.#numbers.encoded(places);
  }
}

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const textRules = {
  max_tokens: positive.or(null),
  standardize: oneOf("lower_and_strip_punctuation", "lower", "strip_punctuation")
    .either(func)
    .orNone.or("lower_and_strip_punctuation" as never),
  split: oneOf("whitespace", "character")
    .either(func)
    .orNone.or("whitespace" as never),
  ngrams: positive.either(listOf(positive)).or(null),
  output_mode: modes,
  output_sequence_length: positive.or(null),
  pad_to_max_tokens: bool.or(false),
  vocabulary: wordList,
  idf_weights: weightsKind,
  sparse: only(false),
  ragged: only(false),
  encoding: only("utf-8"),
  name: nameKind.or(null),
  "*": null,
  vocabulary_size: wholeNumber.or(null),
} as const;
const ofTexts = readers("TextVectorization");
const readTexts = signature("keras.layers.TextVectorization.adapt", {
  data: words,
  batch_size: only(null),
  steps: only(null),
});

/**
 * Texts, in a list, as places of their words in a vocabulary (0 behind the last), or as vectors. `standardize` and `split` may be
 * functions: of a text to a text, and of a text to its tokens.
 */
class TextVectorizationLayer extends layerOf("TextVectorization", textRules, [
  "max_tokens",
  "standardize",
  "split",
  "ngrams",
  "output_mode",
]) {
  override built = true;
  readonly #words = vocabularyOf<string>(
    { ...pickText(this), num_oov_indices: 1, mask_token: "", oov_token: "[UNK]" } as never,
    this.vocabulary,
    this.idf_weights,
  );

  /** The size of the vocabulary is said, and nothing made of it. */
  protected override configuration(): Record<string, unknown> {
    return { ...super.configuration(), vocabulary_size: this.#words.all.length };
  }

  #tokens(text: string): string[] {
    const { standardize, split, ngrams } = this;
    let plain = text;
    if (typeof standardize === "function") plain = (standardize as (text: string) => string)(text);
    else if (standardize !== null) {
      if (standardize !== "strip_punctuation") plain = plain.toLowerCase();
      if (standardize !== "lower") plain = plain.replace(PUNCTUATION, "");
    }
    let tokens = [plain];
    if (typeof split === "function") tokens = (split as (text: string) => string[])(plain);
    else if (split === "whitespace") tokens = plain.split(/\s+/).filter((word) => word !== "");
    else if (split === "character") tokens = [...plain];
    if (ngrams === null) return tokens;
    const lengths = typeof ngrams === "number" ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams;
    return lengths.flatMap((n) =>
      Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, i) => tokens.slice(i, i + n).join(" ")),
    );
  }

  /** The tokens of every text: of a text, a list of them, or of lists of one. */
  #documents(data: Words): string[][] {
    const { flat, shape } = leaves(this.className, data);
    if (this.split === null && shape.length > 1) {
      const width = flat.length / (shape[0] as number);
      return Array.from({ length: shape[0] as number }, (_, i) => flat.slice(i * width, (i + 1) * width));
    }
    if (shape.length > 1 && shape.at(-1) !== 1) {
      const expected = "a list of texts, or lists of one each";
      throw new ArgumentError({ op: this.className, argument: "inputs", expected, given: `shape [${shape}]` });
    }
    return flat.map((text) => this.#tokens(text));
  }

  override __call__(...args: unknown[]): unknown {
    const [inputs] = args;
    if (!isWords(inputs))
      throw new ArgumentError({
        op: this.className,
        argument: "inputs",
        expected: words.expected,
        given: show(inputs),
      });
    const documents = this.#documents(inputs as Words);
    const rows = documents.map((tokens) => tokens.map((token) => this.#words.place(token)));
    const ints = this.output_mode === "int";
    const length = (ints ? this.output_sequence_length : null) ?? Math.max(0, ...rows.map((row) => row.length));
    const filled = rows.flatMap((row) => Array.from({ length }, (_, i) => row[i] ?? (ints ? 0 : -1)));
    const one = typeof inputs === "string";
    return this.#words.encoded(int32(filled, one ? [length] : [rows.length, length]));
  }

  /** Takes the vocabulary of texts: the most frequent words first. */
  adapt(...args: Args<[data: Words], { data: Words }>): void {
    const { data } = readTexts(args);
    this.#words.learn(this.#documents(data));
  }

  get_vocabulary(...args: Args<[include_special_tokens: boolean], { include_special_tokens: boolean }>): string[] {
    return ofTexts.get(args).include_special_tokens ? this.#words.all : [...this.#words.tokens];
  }

  vocabulary_size(...args: []): number {
    ofTexts.size(args);
    return this.#words.all.length;
  }

  set_vocabulary(
    ...args: Args<
      [vocabulary: readonly string[], idf_weights: readonly number[] | null],
      { vocabulary: readonly string[]; idf_weights: readonly number[] | null }
    >
  ): void {
    const given = ofTexts.set(args);
    this.#words.set(given.vocabulary as readonly string[], given.idf_weights);
  }
}

const pickText = ({
  className,
  max_tokens,
  output_mode,
  pad_to_max_tokens,
}: {
  className: string;
  max_tokens: number | null;
  output_mode: Mode;
  pad_to_max_tokens: boolean;
}) => ({
  className,
  max_tokens,
  output_mode,
  pad_to_max_tokens,
});

export const StringLookup = /* @__PURE__ */ layerClass(StringLookupLayer);
export type StringLookup = StringLookupLayer;
export const IntegerLookup = /* @__PURE__ */ layerClass(IntegerLookupLayer);
export type IntegerLookup = IntegerLookupLayer;
export const TextVectorization = /* @__PURE__ */ layerClass(TextVectorizationLayer);
export type TextVectorization = TextVectorizationLayer;
