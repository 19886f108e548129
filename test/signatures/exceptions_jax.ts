import type { Exceptions } from "./exceptions.js";

export const jaxExceptions: Exceptions = {
  internal: [],
  ours: [
    [
      /^jax\.Array\.(slice|item|tolist|data|show|add|sub|mul|div|neg|pow|matmul|eq|ne|lt|le|gt|ge)$/,
      "stand for indexing, operators and reading",
    ],
    [/^jax\.random\.PRNGKeyArray$/, "the class of keys"],
    [/^jax\.tree_util\.PyTreeDef\.equals$/, "stands for =="],
  ],
  differences: {},
};
