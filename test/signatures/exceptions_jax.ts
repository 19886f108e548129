import type { Exceptions } from "./exceptions.js";

export const jaxExceptions: Exceptions = {
  internal: [
    [
      /^jax\.(Device|Array|numpy\.ndarray|random\.PRNGKeyArray|tree_util\.PyTreeDef|example_libraries\.optimizers\.OptimizerState)$/,
      "made by functions, as in the original: the constructors refuse what these do not hand them",
    ],
  ],
  ours: [
    [
      /^jax\.Array\.(at|slice|item|tolist|data|show|add|sub|mul|div|neg|pow|matmul|abs|block_until_ready)$/,
      "stand for indexing, operators and reading",
    ],
    [/^jax\.Array\.(equal|not_equal|less|less_equal|greater|greater_equal)$/, "stand for comparisons"],
    [/^jax\.config\./, "methods of an object of the original's"],
    [
      /^jax\.tree_util\.(DictKey|FlattenedIndexKey|GetAttrKey|SequenceKey)$/,
      "the original's are no Python and have no signatures",
    ],
    [/^jax\.random\.PRNGKeyArray$/, "the class of keys"],
    [/^jax\.tree_util\.PyTreeDef\.equals$/, "stands for =="],
    [/^jax\.tree_util\.PyTreeDef\./, "the original's is no Python and has no signatures"],
    [/^jax\.example_libraries\.stax\.Conv$/, "the original's is GeneralConv with its first argument given"],
  ],
  differences: {
    "jax.checkpoint": { concrete: "deprecated by the original, which refuses it" },
    "jax.debug.callback": { callback: "required: there are no decorators" },
    "jax.debug.log": { fmt: "required: there are no decorators" },
    "jax.debug.print": { fmt: "required: there are no decorators" },
    "jax.ensure_compile_time_eval": { body: "a callback in the place of with" },
    "jax.named_scope": { body: "a callback in the place of with" },
    "jax.disable_jit": { body: "a callback in the place of with", disable: "by name only: the callback comes first" },
    "jax.jit": { fun: "required: there are no decorators" },
    "jax.numpy.array": { args: "the original takes further positions and does not use them" },
    "jax.numpy.clip": { arr: "required: the original's default is for a name that it no longer has" },
    "jax.numpy.pad": { constant_values: "one of the original's **kwargs" },
  },
};
