// Texts as places of their words in a vocabulary.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, func, listOf, oneOf, only, signature } from "@facet/dialect";
import { nameKind, positive, wholeNumber } from "../kinds.js";
import { layerClass, layerOf } from "./define.js";
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
  output_mode: outputModes,
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
const ofTexts = vocabularyReaders("TextVectorization");
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
    {
      className: this.className,
      max_tokens: this.max_tokens,
      output_mode: this.output_mode,
      pad_to_max_tokens: this.pad_to_max_tokens,
      num_oov_indices: 1,
      mask_token: "",
      oov_token: "[UNK]",
    },
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
    const inputs = expectWords(this.className, args[0]);
    const documents = this.#documents(inputs);
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

  get_vocabulary(...args: GetVocabulary): string[] {
    const asked = ofTexts.get(args);
    return this.#words.listed(asked);
  }

  vocabulary_size(...args: []): number {
    ofTexts.size(args);
    return this.#words.all.length;
  }

  set_vocabulary(...args: SetVocabulary<string>): void {
    const { vocabulary, idf_weights } = ofTexts.set(args);
    this.#words.set(vocabulary as never, idf_weights);
  }
}

export const TextVectorization = /* @__PURE__ */ layerClass(TextVectorizationLayer);
export type TextVectorization = TextVectorizationLayer;
