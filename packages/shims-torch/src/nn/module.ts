import { ArgumentError, ObservedMap, observe, scope, UnsupportedError, withLayer } from "@facet/autograd";
import { type Args, type Keywords, methods } from "@facet/dialect";
import { checkDevice, type Device, type Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { refuseHooks } from "../hooks.js";
import type { Tensor } from "../tensor.js";
import { readers } from "./module_arguments.js";
import { type HookMethods, hookMethods, stateHooks, throughHooks } from "./module_hooks.js";
import { type ModuleMethods, moduleMethods, requireFloat32 } from "./module_methods.js";
import {
  childrenOf,
  fieldOf,
  layerNames,
  type Named,
  namedTensors,
  register,
  requireName,
  seconds,
  traps,
  walk,
} from "./module_registry.js";
import {
  type IncompatibleKeys,
  type LocalMetadata,
  loadOwn,
  loadState,
  metadataOf,
  type StateDict,
  saveOwn,
  versionOf,
  withMetadata,
} from "./module_state.js";

export type { IncompatibleKeys, StateDict } from "./module_state.js";

import type { Parameter } from "./parameter.js";
import { zeroGradients } from "./zero_grad.js";

interface Walk {
  memo: Set<Module> | null;
  prefix: string;
  remove_duplicate: boolean;
}
type NamedArgs = Args<[prefix: string, recurse: boolean, remove_duplicate: boolean], Named>;
type NamedModule = Args<[name: string, module: Module | null], { name: string; module: Module | null }>;
type ToArgs =
  | Args<
      [device: Device | string | null, dtype: Dtype | null, non_blocking: boolean],
      { device: Device | string | null; dtype: Dtype | null; non_blocking: boolean; memory_format: null }
    >
  | Args<[dtype: Dtype, non_blocking: boolean], { dtype: Dtype; non_blocking: boolean }>
  | Args<[tensor: Tensor, non_blocking: boolean], { tensor: Tensor; non_blocking: boolean }>;

/** Methods of PyTorch's class that are called there by its own machinery. */
const HOOKS = {
  __call__: "forward()",
  _call_impl: "forward()",
  _slow_forward: "forward()",
  _apply: "apply() or to()",
  _named_members: "named_parameters() and named_buffers()",
  __getattr__: "a property",
  __setattr__: "a property",
  __delattr__: "a property",
  __getstate__: "state_dict()",
  __setstate__: "load_state_dict()",
  __repr__: "toString(), extra_repr() or _get_name()",
  __str__: "toString(), extra_repr() or _get_name()",
};

/** A module is called like a function: `net(x)` runs forward. */
export interface Module extends HookMethods, ModuleMethods {
  (...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]>;
  /** True until eval(): dropout acts. */
  training: boolean;
}

/**
 * Base of all layers and networks. Parameters and modules assigned to properties (in a constructor or as class fields)
 * are registered under the property's name. A call runs `forward` in a scope: tensors made inside die with it, unless
 * returned or assigned to a property of a module.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export class Module {
  declare readonly _parameters: Map<string, Parameter | null>;
  declare readonly _buffers: Map<string, Tensor | null>;
  declare readonly _modules: Map<string, Module | null>;
  declare readonly _non_persistent_buffers_set: Set<string>;

  constructor(...args: []) {
    readers.construct(args);
    const call = (...inputs: unknown[]): unknown => {
      return withLayer(layerNames.get(module) ?? module._get_name(), () => scope(() => throughHooks(module, inputs)));
    };
    // An arrow function's own properties would hide fields of the same names.
    for (const name of ["name", "length"]) Reflect.deleteProperty(call, name);
    Object.setPrototypeOf(call, new.target.prototype);
    refuseHooks(call, Module, HOOKS);
    const hidden = {
      _parameters: new ObservedMap(),
      _buffers: new ObservedMap(),
      _modules: new ObservedMap(),
      _non_persistent_buffers_set: new Set(),
    };
    for (const [name, value] of Object.entries(hidden)) Object.defineProperty(call, name, { value });
    Object.defineProperty(call, "training", { value: true, writable: true, configurable: true });
    const module = observe(call, traps) as unknown as Module;
    // biome-ignore lint/correctness/noConstructorReturn: only a function can be called, and only a proxy sees fields being defined.
    return module as this;
  }

  /** The computation: subclasses override it and users call the module itself. */
  // biome-ignore lint/suspicious/noExplicitAny: every module has inputs and outputs of its own.
  forward(..._inputs: any[]): any {
    complain(UnsupportedError, `Module [${this._get_name()}] is missing the required "forward" function`, {
      op: this._get_name(),
      argument: "forward",
      expected: "a method of the subclass",
      given: "none",
    });
  }

  // Registration.
  register_parameter(
    ...args: Args<[name: string, param: Parameter | null], { name: string; param: Parameter | null }>
  ): void {
    const { name, param } = readers.register_parameter(args);
    requireName(this, "parameter", name);
    this._parameters.set(name, param);
    Object.defineProperty(this, name, fieldOf(param));
  }
  /** A tensor that is state but no parameter; left out of state_dict when not persistent. */
  register_buffer(
    ...args: Args<
      [name: string, tensor: Tensor | null, persistent: boolean],
      { name: string; tensor: Tensor | null; persistent: boolean }
    >
  ): void {
    const { name, tensor, persistent } = readers.register_buffer(args);
    requireName(this, "buffer", name);
    this._buffers.set(name, tensor);
    if (persistent) this._non_persistent_buffers_set.delete(name);
    else this._non_persistent_buffers_set.add(name);
    Object.defineProperty(this, name, fieldOf(tensor));
  }
  add_module(...args: NamedModule): void {
    register(this, readers.add_module(args));
  }
  register_module(...args: NamedModule): void {
    register(this, readers.register_module(args));
  }

  // What is registered. A module or tensor that is reachable twice is given once, under its first name.
  named_modules(...args: Args<[memo: Set<Module> | null, prefix: string, remove_duplicate: boolean], Walk>) {
    const { memo, prefix, remove_duplicate } = readers.named_modules(args);
    return walk(this, memo ?? new Set(), prefix, remove_duplicate);
  }
  modules(...args: Args<[remove_duplicate: boolean], { remove_duplicate: boolean }>): IterableIterator<Module> {
    const { remove_duplicate } = readers.modules(args);
    return seconds(this.named_modules({ remove_duplicate }));
  }
  named_children(...args: []): IterableIterator<[string, Module]> {
    readers.named_children(args);
    return childrenOf(this);
  }
  children(...args: []): IterableIterator<Module> {
    readers.children(args);
    return seconds(this.named_children());
  }
  named_parameters(...args: NamedArgs): IterableIterator<[string, Parameter]> {
    return namedTensors(this, (module) => module._parameters, readers.named_parameters(args));
  }
  parameters(...args: Args<[recurse: boolean], { recurse: boolean }>): IterableIterator<Parameter> {
    return seconds(this.named_parameters({ recurse: readers.parameters(args).recurse }));
  }
  named_buffers(...args: NamedArgs): IterableIterator<[string, Tensor]> {
    return namedTensors(this, (module) => module._buffers, readers.named_buffers(args));
  }
  buffers(...args: Args<[recurse: boolean], { recurse: boolean }>): IterableIterator<Tensor> {
    return seconds(this.named_buffers({ recurse: readers.buffers(args).recurse }));
  }

  // What is done to all of it.
  /** Calls `fn` on every submodule, then on this one. */
  apply(...args: Args<[fn: (module: Module) => void], { fn: (module: Module) => void }>): this {
    const { fn } = readers.apply(args);
    for (const module of this.children()) module.apply(fn);
    fn(this);
    return this;
  }
  train(...args: Args<[mode: boolean], { mode: boolean }>): this {
    const { mode } = readers.train(args);
    this.training = mode;
    for (const module of this.children()) module.train(mode);
    return this;
  }
  eval(...args: []): this {
    readers.eval(args);
    return this.train(false);
  }
  requires_grad_(...args: Args<[requires_grad: boolean], { requires_grad: boolean }>): this {
    const { requires_grad } = readers.requires_grad_(args);
    for (const parameter of this.parameters()) parameter.requires_grad_(requires_grad);
    return this;
  }
  /** Forgets the gradients (sets them to null); with `set_to_none: false` fills them with zeros. */
  zero_grad(...args: Args<[set_to_none: boolean], { set_to_none: boolean }>): void {
    const { set_to_none } = readers.zero_grad(args);
    zeroGradients(this.parameters(), set_to_none);
  }
  /** `to(device, dtype)`, `to(dtype)` or `to(tensor)`. Devices are checked and otherwise change nothing; parameters are float32 and stay so. */
  to(...args: ToArgs): this {
    const { values } = readers.to(args);
    const [device, dtype] =
      "tensor" in values ? [null, values.tensor.dtype] : ["device" in values ? values.device : null, values.dtype];
    if (device !== null) checkDevice("Module.to", device);
    if (dtype !== null) requireFloat32("Module.to", dtype);
    return this;
  }

  /**
   * Parameters and persistent buffers by name, detached unless `keep_vars`, after `prefix` and into `destination` where these
   * are given. They share the memory of the module's own until an optimiser made later moves those; clone() them for a copy.
   */
  state_dict(
    ...args: [] | [Keywords<{ destination: StateDict | null; prefix: string; keep_vars: boolean }>]
  ): StateDict {
    const { args: places, destination, prefix, keep_vars } = readers.state_dict(args);
    if (places.length > 0)
      throw new ArgumentError({
        op: "state_dict",
        argument: "args",
        expected: "destination, prefix and keep_vars by keyword",
        given: "positions",
      });
    const state = destination ?? withMetadata({}, {});
    const local = { version: versionOf(this) };
    const metadata = metadataOf(state);
    if (metadata) metadata[prefix.slice(0, -1)] = local;
    for (const hook of stateHooks(this, "state_dict_pre")) hook(this, prefix, keep_vars);
    this._save_to_state_dict(state, prefix, keep_vars);
    for (const [name, module] of this._modules)
      module?.state_dict({ destination: state, prefix: `${prefix}${name}.`, keep_vars });
    for (const hook of stateHooks(this, "state_dict_post")) hook(this, state, prefix, local);
    return state;
  }

  /** Puts this module's own part of its state, without that of its children, into `destination`. */
  _save_to_state_dict(destination: StateDict, prefix: string, keep_vars: boolean): void {
    saveOwn(this, destination, prefix, keep_vars);
  }

  /**
   * Takes this module's own part of a state dict, without that of its children: what is missing, unknown or wrong is added to
   * the lists, what fits is copied when all modules have been asked and nothing is wrong.
   */
  _load_from_state_dict(
    state: Readonly<Record<string, unknown>>,
    prefix: string,
    local_metadata: LocalMetadata,
    strict: boolean,
    missing: string[],
    unexpected: string[],
    errors: string[],
  ): void {
    for (const hook of stateHooks(this, "load_state_dict_pre"))
      hook(this, state as StateDict, prefix, { ...local_metadata }, strict, missing, unexpected, errors);
    loadOwn(this, state, prefix, local_metadata, strict, missing, unexpected, errors);
  }

  /**
   * Copies tensors of a state_dict into this module. With `strict` (default) every name must be there and known; a size
   * that does not fit is an error either way, with nothing copied. With `assign` the module has the state's own tensors from then
   * on, in parameters of its own where they are none.
   */
  load_state_dict(
    ...args: Args<
      [state_dict: StateDict, strict: boolean, assign: boolean],
      { state_dict: StateDict; strict: boolean; assign: boolean }
    >
  ): IncompatibleKeys {
    const { state_dict, strict, assign } = readers.load_state_dict(args);
    return loadState(this, state_dict, strict, assign);
  }

  // Printing.
  _get_name(): string {
    return this.constructor.name;
  }
  /** Arguments shown in brackets; layers override it. */
  extra_repr(): string {
    return "";
  }
  toString(): string {
    const extra = this.extra_repr();
    const lines = extra === "" ? [] : extra.split("\n");
    const children = [...this._modules].map(([name, module]) => `(${name}): ${indent(module ? `${module}` : "None")}`);
    if (children.length === 0 && lines.length <= 1) return `${this._get_name()}(${extra})`;
    return `${this._get_name()}(\n  ${[...lines, ...children].join("\n  ")}\n)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const indent = (text: string): string => text.replaceAll("\n", "\n  ");

methods(Module, hookMethods);
methods(Module, moduleMethods);
