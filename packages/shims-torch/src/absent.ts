// Reading what objects of PyTorch's classes have and these lack throws, and names COMPAT.md and the nearest name.
import { refuseAbsentMembers } from "@facet/dialect";
import { Module } from "./nn/module.js";
import { Optimizer } from "./optim/optimizer.js";
import { originalNames } from "./original_names.js";
import { Tensor } from "./tensor.js";

/** Asked of any object by others: hooks of subclasses, and what JavaScript's tools read. */
const ASKED = ["get_extra_state", "set_extra_state", "name"];

const classes = { "torch.Tensor": Tensor, "torch.nn.Module": Module, "torch.optim.Optimizer": Optimizer };
for (const [name, names] of Object.entries(originalNames))
  refuseAbsentMembers(
    classes[name as keyof typeof classes],
    name,
    names
      .trim()
      .split(/\s+/)
      .filter((each) => !ASKED.includes(each)),
  );
