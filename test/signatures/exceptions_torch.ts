import type { Exceptions } from "./exceptions.js";

export const torchExceptions: Exceptions = {
  internal: [
    [/\.extra_repr$|^torch\.nn\.Module\.forward$/, "hooks that users define and modules call"],
    [
      /^torch\.optim\..*\.(check|checkKinds|checkState|taken|stateOf|loadState|engine|update)$/,
      "between the base of the optimisers and each of them",
    ],
    [/^torch\.Generator\.next$/, "what ops draw keys with"],
    [/^torchvision\.transforms\..*\.batch$/, "a transform on a whole batch, as the data sets call it"],
    [/^torch\.(Device|Dtype)$/, "made by the package alone"],
  ],
  ours: [
    [/^torch\.facet\./, "what JavaScript needs and PyTorch has not"],
    [/^torch\.Tensor\.(get|slice|show)$/, "stand for indexing and for print"],
    [/^torch\.nn\.(Sequential|ModuleList)\.get$|^torch\.utils\.data\.Dataset\.get$/, "stand for indexing"],
    [/^torchvision\.transforms\.(Image|Transform)$/, "stand for a PIL image, and the base of the transforms"],
    [/^torchvision\.transforms\..*\.forward$/, "calls of transforms, which have __call__ in torchvision"],
  ],
  differences: {},
};
