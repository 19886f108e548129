import type { Exceptions } from "./exceptions.js";

export const flaxExceptions: Exceptions = {
  internal: [
    [/^flax\.nnx\.GraphDef$/, "made by nnx.split"],
    [
      /^flax\.nnx\.(RngStream|Rngs)\.(?!fork$|split$|items$)/,
      "jax.random's functions and initialisers with the stream's next key: they read their arguments",
    ],
  ],
  ours: [],
  differences: {
    "flax.nnx.metrics.Accuracy": { argname: "one of the original's *args", args: "these are argname" },
    "flax.core.FrozenDict": {
      __unsafe_skip_copy__: "the original's own affair",
      xs: "the one of the original's *args",
      args: "there is one, xs",
    },
    "flax.struct.dataclass": { clz: "required: there are no decorators" },
    "flax.nnx.grad": { f: "required: there are no decorators" },
    "flax.nnx.value_and_grad": { f: "required: there are no decorators" },
    "flax.nnx.jit": { fun: "required: there are no decorators" },
    "flax.nnx.remat": { f: "required: there are no decorators" },
  },
};
