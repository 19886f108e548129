// Words and whole numbers by their place in a vocabulary. Words are on the host: lists of strings.
import {
  ArgumentError,
  add,
  cast,
  equal,
  fromData,
  remainder,
  searchSorted,
  take,
  UnsupportedError,
  where,
} from "@facet/autograd";
import { type Args, bool, int, listOf, oneOf, only, signature, string } from "@facet/dialect";
import { hostArray, nameKind, positive, wholeNumber } from "../kinds.js";
import { hostData } from "../ndarray.js";
import { floats, type Shape, Tensor, type TensorDtype } from "../tensor.js";
import { layerClass, layerOf } from "./define.js";
import { encodedShape } from "./encoding.js";
import {
  expectWords,
  type GetVocabulary,
  int32,
  leaves,
  outputModes,
  type SetVocabulary,
  vocabularyOf,
  vocabularyReaders,
  type Words,
  weightsKind,
  wordList,
  words,
} from "./vocabulary.js";

const stringRules = {
  max_tokens: positive.or(null),
  num_oov_indices: wholeNumber.or(1),
  mask_token: string.or(null),
  oov_token: string.or("[UNK]"),
  vocabulary: wordList,
  idf_weights: weightsKind,
  invert: bool.or(false),
  output_mode: outputModes,
  pad_to_max_tokens: bool.or(false),
  sparse: only(false),
  encoding: only("utf-8"),
  name: nameKind.or(null),
  salt: only(null),
  "*": null,
  oov_method: only("floormod"),
} as const;
const ofStrings = vocabularyReaders("StringLookup");
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
  readonly #words = vocabularyOf<string>(this as never, this.vocabulary, this.idf_weights);

  override __call__(...args: unknown[]): unknown {
    const { flat, shape } = leaves(this.className, expectWords(this.className, args[0]));
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

  get_vocabulary(...args: GetVocabulary): string[] {
    const asked = ofStrings.get(args);
    return this.#words.listed(asked);
  }

  vocabulary_size(...args: []): number {
    ofStrings.size(args);
    return this.#words.all.length;
  }

  set_vocabulary(...args: SetVocabulary<string>): void {
    const { vocabulary, idf_weights } = ofStrings.set(args);
    this.#words.set(vocabulary as never, idf_weights);
  }
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
  output_mode: outputModes,
  sparse: only(false),
  pad_to_max_tokens: bool.or(false),
  oov_method: only("floormod"),
  salt: only(null),
  name: nameKind.or(null),
} as const;
const ofIntegers = vocabularyReaders("IntegerLookup");
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

  get_vocabulary(...args: GetVocabulary): number[] {
    const asked = ofIntegers.get(args);
    return this.#numbers.listed(asked);
  }

  vocabulary_size(...args: []): number {
    ofIntegers.size(args);
    return this.#numbers.all.length;
  }

  set_vocabulary(...args: SetVocabulary<number>): void {
    const { vocabulary, idf_weights } = ofIntegers.set(args);
    this.#numbers.set(vocabulary as never, idf_weights);
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

export const StringLookup = /* @__PURE__ */ layerClass(StringLookupLayer);
export type StringLookup = StringLookupLayer;
export const IntegerLookup = /* @__PURE__ */ layerClass(IntegerLookupLayer);
export type IntegerLookup = IntegerLookupLayer;
