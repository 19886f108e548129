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
    [/^torch\.nn\.Identity$/, "takes any arguments and ignores them, as PyTorch's does"],
    [/^torch\.(Device|Dtype)$/, "made by the package alone"],
  ],
  ours: [
    [
      /^torch\.(Tensor|Generator|device|set_grad_enabled)$/,
      "classes of C++ or of a with statement: Python tells no signature",
    ],
    [/^torch\.nn\.functional\.logsigmoid$/, "a builtin whose signature Python does not tell"],
    [/^torch\.broadcast_shapes$/, "Python's documentation of it is a list without a signature"],
    [/^torch\.index_copy$/, "as the method: PyTorch has it without listing it"],
    [
      /^torch\.(alias|as_strided|detach|diagonal|expand|narrow|permute|select|split|split_with_sizes|squeeze|t|transpose|unbind|unfold|unsqueeze|view)_copy$/,
      "as PyTorch has them without listing them",
    ],
    [/^torch\.(Bool|Byte|Float|Int|Long)Tensor$/, "classes of C++: Python tells no signature"],
    [/^torch\.(finfo|iinfo)$/, "classes of C++: Python tells no signature"],
    [/^torch\.unique$/, "chosen by its flags: Python tells no signature"],
    [
      /^torch\.optim\.lr_scheduler\.\w+\.(step|scale_fn)$/,
      "methods of one schedule: the original's list has those of the base",
    ],
    [/^torch\.cuda\.Event(\.\w+)?$/, "a class of C++, whose signatures Python does not tell"],
    [/^torch\.set_default_dtype$/, "as PyTorch's, which its list of names leaves out"],
    [/^torch\.facet\./, "what JavaScript needs and PyTorch has not"],
    [/^torch\.Tensor\.(get|set|slice|show)$/, "stand for indexing and for print"],
    [/^torch\.nn\.(Sequential|ModuleList)\.get$|^torch\.utils\.data\.Dataset\.get$/, "stand for indexing"],
    [
      /^torch\.nn\.\w+\.(reset_parameters|reset_running_stats|materialize|flatten_parameters)$/,
      "as PyTorch's, which its documentation does not list",
    ],
    [/^torch\.optim\.LBFGS\.step$/, "as PyTorch's, whose closure is required; its documentation lists the base's"],
    [/^torchvision\.transforms\.(Image|Transform)$/, "stand for a PIL image, and the base of the transforms"],
    [/^torchvision\.transforms\..*\.forward$/, "calls of transforms, which have __call__ in torchvision"],
  ],
  differences: {
    "torch.full": { names: "named tensors are a prototype that PyTorch has given up" },
    "torch.Tensor.mm": { out_dtype: "as the function has it: refused unless left out" },
    "torch.Tensor.bmm": { out_dtype: "as the function has it: refused unless left out" },
    "torch.Tensor.addmm": { out_dtype: "as the function has it: refused unless left out" },
    "torch.Tensor.baddbmm": { out_dtype: "as the function has it: refused unless left out" },
    "torch.einsum": {
      operands: "Python's own signature says *args; these are what the documentation calls them",
      tensors: "what the function of C++ under it calls the operands",
      path: "of the function of C++ under it, which torch.einsum does not pass on",
      a: "another form of the function of C++ under it",
    },
    "torch.Tensor.requires_grad_": {
      mode: "the schema's name: Python's parser calls it requires_grad",
      requires_grad: "the name that Python's parser takes",
    },
    "torch.Tensor.random_": {
      from_: "the schema's name: from is a word of Python, which its parser takes nevertheless",
      from: "the name that Python's parser takes",
    },
    "torch.Tensor.uniform_": {
      from_: "the schema's name: from is a word of Python, which its parser takes nevertheless",
      from: "the name that Python's parser takes",
    },
    "torch.nn.Module.to": {
      input: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      copy: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      other: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      layout: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      pin_memory: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      memory_format: "Python's own signature says *args: these are Tensor.to's, whose forms differ",
      tensor: "the name in the documentation of Module.to",
    },
    "torch.nn.functional.gelu": { approximate: "by keyword only in PyTorch, whose documentation does not show it" },
    "torch.nn.functional.dropout": { generator: "random numbers are drawn from generators that can be given" },
    "torchvision.datasets.*": {
      split: "images that are loaded",
      classes: "what labels mean comes with the images",
      root: "files are read asynchronously, by open(), which has the original's arguments",
      train: "files are read asynchronously, by open(), which has the original's arguments",
      download: "files are read asynchronously, by open(), which has the original's arguments",
      transforms: "a transform of both: images and labels have one each",
    },
    "torch.no_grad": { body: "a function stands for the block of a with statement" },
    "torch.set_grad_enabled": { body: "a function stands for the block of a with statement" },
    "torch.inference_mode": { body: "a function stands for the block of a with statement" },
  },
};
