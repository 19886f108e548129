// How the methods of nn.Module read their arguments.
import {
  any,
  bool,
  func,
  instance,
  type Kind,
  mapping,
  only,
  overloads,
  type Rules,
  signature,
  string,
} from "@facet/dialect";
import { device, dtype, each, named, tensor } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import { Module, type StateDict } from "./module.js";
import { Parameter } from "./parameter.js";

const module = instance(() => Module, "a Module");
const read = <const R extends Rules>(name: string, rules: R) => signature<R>(`torch.nn.Module.${name}`, rules);
const walked = { prefix: string.or(""), recurse: bool.or(true), remove_duplicate: bool.or(true) } as const;
const child = { name: string, module: module.orNone } as const;

export const readers = {
  construct: signature("torch.nn.Module", {}),
  register_parameter: read("register_parameter", {
    name: string,
    param: instance(() => Parameter, "a Parameter").orNone,
  }),
  register_buffer: read("register_buffer", { name: string, tensor: tensor.orNone, persistent: bool.or(true) }),
  add_module: read("add_module", child),
  register_module: read("register_module", child),
  named_modules: read("named_modules", {
    memo: (instance(() => Set, "a Set of modules") as unknown as Kind<Set<Module>>).or(null),
    prefix: string.or(""),
    remove_duplicate: bool.or(true),
  }),
  modules: read("modules", { remove_duplicate: bool.or(true) }),
  named_children: read("named_children", {}),
  children: read("children", {}),
  named_parameters: read("named_parameters", walked),
  parameters: read("parameters", { recurse: bool.or(true) }),
  named_buffers: read("named_buffers", walked),
  buffers: read("buffers", { recurse: bool.or(true) }),
  apply: read("apply", { fn: func }),
  train: read("train", { mode: bool.or(true) }),
  eval: read("eval", {}),
  requires_grad_: read("requires_grad_", { requires_grad: bool.or(true) }),
  zero_grad: read("zero_grad", { set_to_none: bool.or(true) }),
  to: overloads(
    "torch.nn.Module.to",
    {
      device: device.or(null),
      dtype: dtype.or(null),
      non_blocking: bool.or(false),
      "*": null,
      memory_format: only(null),
    },
    { dtype, non_blocking: bool.or(false) },
    { tensor: tensor as Kind<Tensor>, non_blocking: bool.or(false) },
  ),
  state_dict: read("state_dict", {
    "*args": each(any),
    destination: mapping<StateDict>("an object to put the state into").or(null),
    prefix: string.or(""),
    keep_vars: bool.or(false),
  }),
  load_state_dict: read("load_state_dict", {
    state_dict: named<StateDict>("state_dict", "tensors by name, as state_dict() gives them"),
    strict: bool.or(true),
    assign: bool.or(false),
  }),
};
