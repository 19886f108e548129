import type { Exceptions } from "./exceptions.js";

export const kerasExceptions: Exceptions = {
  internal: [
    [/\.(build|call|compute_output_shape|result_shape)$/, "hooks that users define and layers call"],
    [
      /^keras\.(layers\.)?Layer\.(expectRank|expectAxis|knownExtent|ensureBuilt|run|connect|addNode)$/,
      "machinery of layers",
    ],
    [/^keras\.(Model|Sequential|models\.\w+)\.(setGraph|runAll|connect)$/, "machinery of models"],
    [/\.mask$/, "machinery of losses"],
    [/^keras\.(Optimizer|optimizers\.\w+)\.(make|update)$/, "between the base of the optimizers and each of them"],
    [/^keras\.callbacks\.\w+\.(on_|set_)/, "hooks that users define and training calls"],
  ],
  ours: [
    [/^keras\.(NdArray|ndarray|Tensor)\b/, "stand for NumPy's array, np.array and the backend's tensor"],
    [/^keras\.Initializer\.values$/, "stands for the call of an initializer"],
    [/^keras\.datasets\.digits\b/, "generated digits, for programs without files"],
  ],
  differences: {},
};
