// Copies of modules, for layers that repeat one.
import { noGrad } from "@facet/autograd";
import { Tensor } from "../tensor.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/** Python's copy.deepcopy of a module: parameters, buffers and submodules of its own, other properties shared. */
export function copyModule<M extends Module>(module: M, made = new Map<unknown, unknown>()): M {
  const known = made.get(module);
  if (known) return known as M;
  const copy = Reflect.construct(Module, [], module.constructor) as M;
  made.set(module, copy);
  const tensor = <T extends Tensor>(given: T): T => {
    const before = made.get(given) as T | undefined;
    if (before) return before;
    const own = noGrad(() => given.detach().clone());
    const now = given instanceof Parameter ? new Parameter(own, given.requires_grad) : own;
    made.set(given, now);
    return now as T;
  };
  for (const [name, parameter] of module._parameters) copy.register_parameter(name, parameter && tensor(parameter));
  for (const [name, buffer] of module._buffers)
    copy.register_buffer(name, buffer && tensor(buffer), !module._non_persistent_buffers_set.has(name));
  for (const [name, child] of module._modules) copy.add_module(name, child && copyModule(child, made));
  const registered = new Set([...module._parameters.keys(), ...module._buffers.keys(), ...module._modules.keys()]);
  for (const [name, value] of Object.entries({ ...module, training: module.training })) {
    if (registered.has(name)) continue;
    (copy as unknown as Record<string, unknown>)[name] = value instanceof Tensor ? tensor(value) : value;
  }
  return copy;
}
