// Keys of jax.random.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { show } from "@facet/dialect";

/**
 * A key: a value of shape [] that random functions turn into bits. It lives on the host, and `split` gives a list of keys
 * rather than an array of them; `key_data` gives its words as an array.
 */
export class PRNGKeyArray {
  readonly words: core.AnyKey;
  readonly shape: readonly number[] = [];
  readonly dtype = "key<fry>";

  constructor(words: core.AnyKey) {
    const isKey = Array.isArray(words) && words.length === 2 && words.every((word) => Number.isInteger(word));
    if (!isKey && !(words instanceof core.MappedKey))
      throw new ArgumentError({
        op: "PRNGKeyArray",
        argument: "words",
        expected: "two words of 32 bits (make a key with jax.random.key)",
        given: show(words),
      });
    this.words = words;
  }

  toString(): string {
    if (this.words instanceof core.MappedKey) return "VmapTracer(key<fry>[])";
    return `Array((), dtype=key<fry>) overlaying: [${this.words.join(" ")}]`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
