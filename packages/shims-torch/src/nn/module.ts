import {
  ArgumentError,
  FacetError,
  keep,
  noGrad,
  ObservedMap,
  observe,
  ShapeError,
  scope,
  UnsupportedError,
  withLayer,
} from "@facet/autograd";
import type { Args, Keywords } from "@facet/dialect";
import { checkDevice, type Device, type Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { refuseHooks } from "../hooks.js";
import { sizeText } from "../python.js";
import { Tensor } from "../tensor.js";
import { readers } from "./module_arguments.js";
import { Parameter } from "./parameter.js";
import { zeroGradients } from "./zero_grad.js";

/** Parameters and buffers by their dotted names. */
export type StateDict = Record<string, Tensor>;

/** What load_state_dict found that did not match; empty lists when all did. */
export interface IncompatibleKeys {
  missing_keys: string[];
  unexpected_keys: string[];
}

class Incompatible implements IncompatibleKeys {
  readonly missing_keys: string[];
  readonly unexpected_keys: string[];
  constructor(missing: string[], unexpected: string[]) {
    this.missing_keys = missing;
    this.unexpected_keys = unexpected;
  }
  toString(): string {
    if (this.missing_keys.length + this.unexpected_keys.length === 0) return "<All keys matched successfully>";
    const list = (keys: string[]): string => `[${keys.map((key) => `'${key}'`).join(", ")}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missing_keys)}, unexpected_keys=${list(this.unexpected_keys)})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

interface Named {
  prefix: string;
  recurse: boolean;
  remove_duplicate: boolean;
}
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
export interface Module {
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
      return withLayer(layerNames.get(module) ?? module._get_name(), () => scope(() => module.forward(...inputs)));
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
    if (dtype !== null && !dtype.is_floating_point)
      throw new UnsupportedError({
        op: "Module.to",
        argument: "dtype",
        expected: "torch.float32",
        given: `${dtype}`,
      });
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
    const state = destination ?? {};
    this._save_to_state_dict(state, prefix, keep_vars);
    for (const [name, module] of this._modules)
      module?.state_dict({ destination: state, prefix: `${prefix}${name}.`, keep_vars });
    return state;
  }

  /** Puts this module's own part of its state, without that of its children, into `destination`. */
  _save_to_state_dict(destination: StateDict, prefix: string, keep_vars: boolean): void {
    for (const [name, tensor] of ownTensors(this)) destination[prefix + name] = keep_vars ? tensor : tensor.detach();
    const { get_extra_state } = this as ExtraState;
    if (get_extra_state) destination[`${prefix}${EXTRA}`] = get_extra_state.call(this) as Tensor;
  }

  /**
   * Takes this module's own part of a state dict, without that of its children: what is missing, unknown or wrong is added to
   * the lists, what fits is copied when all modules have been asked and nothing is wrong.
   */
  _load_from_state_dict(
    state: Readonly<Record<string, unknown>>,
    prefix: string,
    _local_metadata: object,
    strict: boolean,
    missing: string[],
    unexpected: string[],
    errors: string[],
  ): void {
    const own = new Map(ownTensors(this));
    for (const [name, target] of own) {
      const [key, source] = [prefix + name, state[prefix + name]];
      if (source === undefined) {
        if (strict) missing.push(key);
      } else if (!(source instanceof Tensor))
        errors.push(
          `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${nameOf(source)}`,
        );
      else if (`${source.shape}` !== `${target.shape}`)
        errors.push(
          `size mismatch for ${key}: copying a param with shape torch.Size(${sizeText(source.shape)}) from checkpoint, the shape in current model is torch.Size(${sizeText(target.shape)}).`,
        );
      else copies.push(() => target.copy_(source));
    }
    const { set_extra_state } = this as ExtraState;
    if (set_extra_state) {
      const key = `${prefix}${EXTRA}`;
      if (Object.hasOwn(state, key)) copies.push(() => set_extra_state.call(this, state[key]));
      else if (strict) missing.push(key);
    }
    if (!strict) return;
    for (const key of Object.keys(state)) {
      if (!key.startsWith(prefix) || (key === `${prefix}${EXTRA}` && set_extra_state)) continue;
      const [name, ...rest] = key.slice(prefix.length).split(".") as [string, ...string[]];
      if (rest.length > 0 ? !this._modules.get(name) : !own.has(name)) unexpected.push(key);
    }
  }

  /**
   * Copies tensors of a state_dict into this module. With `strict` (default) every name must be there and known; a size
   * that does not fit is an error either way, with nothing copied.
   */
  load_state_dict(
    ...args: Args<
      [state_dict: StateDict, strict: boolean, assign: false],
      { state_dict: StateDict; strict: boolean; assign: false }
    >
  ): IncompatibleKeys {
    const { state_dict: given, strict } = readers.load_state_dict(args);
    const [missing, unexpected, errors]: [string[], string[], string[]] = [[], [], []];
    const planned = planCopies(() => {
      const state = { ...given };
      const load = (module: Module, prefix: string): void => {
        module._load_from_state_dict(state, prefix, {}, true, missing, unexpected, errors);
        for (const [name, child] of module._modules) if (child) load(child, `${prefix}${name}.`);
      };
      load(this, "");
    });
    const quoted = (names: string[]): string => names.map((name) => `"${name}"`).join(", ");
    const problems = [...errors];
    if (strict && missing.length > 0) problems.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
    if (strict && unexpected.length > 0)
      problems.splice(missing.length > 0 ? 1 : 0, 0, `Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
    if (problems.length > 0) {
      complain(ShapeError, `Error(s) in loading state_dict for ${this._get_name()}:\n\t${problems.join("\n\t")}`, {
        op: "load_state_dict",
        argument: "state_dict",
        expected: "the names and shapes of the module",
        given: "others",
      });
    }
    noGrad(() => {
      for (const copy of planned) copy();
    });
    return new Incompatible(missing, unexpected);
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

/** The name each module was registered under, for profiles; the last one where there are several. */
const layerNames = new WeakMap<Module, string>();

/** Key of what get_extra_state gives. */
const EXTRA = "_extra_state";
interface ExtraState {
  readonly get_extra_state?: () => unknown;
  readonly set_extra_state?: (state: unknown) => void;
}

/** What load_state_dict would do, collected until everything is known to fit. */
let copies: (() => unknown)[] = [];

function planCopies(ask: () => void): readonly (() => unknown)[] {
  const before = copies;
  const own: (() => unknown)[] = [];
  copies = own;
  try {
    ask();
  } finally {
    copies = before;
  }
  return own;
}

function register(module: Module, { name, module: child }: { name: string; module: Module | null }): void {
  requireName(module, "module", name);
  module._modules.set(name, child);
  if (child) layerNames.set(child, name);
  Object.defineProperty(module, name, fieldOf(child));
}

const indent = (text: string): string => text.replaceAll("\n", "\n  ");
const join = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
const fieldOf = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

function* walk(module: Module, seen: Set<Module>, prefix: string, once: boolean): IterableIterator<[string, Module]> {
  if (seen.has(module)) return;
  if (once) seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module._modules)
    if (child) yield* child.named_modules({ memo: seen, prefix: join(prefix, name), remove_duplicate: once });
}

function* childrenOf(module: Module): IterableIterator<[string, Module]> {
  const seen = new Set<Module>();
  for (const [name, child] of module._modules) {
    if (!child || seen.has(child)) continue;
    seen.add(child);
    yield [name, child];
  }
}

function* seconds<T>(pairs: Iterable<readonly [string, T]>): IterableIterator<T> {
  for (const [, second] of pairs) yield second;
}

function* namedTensors<T extends Tensor>(
  module: Module,
  of: (module: Module) => Map<string, T | null>,
  { prefix, recurse, remove_duplicate }: Named,
): IterableIterator<[string, T]> {
  const seen = new Set<T>();
  const owners = recurse ? module.named_modules({ prefix, remove_duplicate }) : [[prefix, module] as const];
  for (const [path, owner] of owners) {
    for (const [name, tensor] of of(owner)) {
      if (!tensor || seen.has(tensor)) continue;
      if (remove_duplicate) seen.add(tensor);
      yield [join(path, name), tensor];
    }
  }
}

/** A module's own parameters and persistent buffers. */
function* ownTensors(module: Module): IterableIterator<[string, Tensor]> {
  for (const [name, tensor] of module._parameters) if (tensor) yield [name, tensor];
  for (const [name, tensor] of module._buffers)
    if (tensor && !module._non_persistent_buffers_set.has(name)) yield [name, tensor];
}

function requireName(module: Module, kind: string, name: string): void {
  const op = `register_${kind}`;
  if (name === "" || name.includes("."))
    complain(ArgumentError, name === "" ? `${kind} name can't be empty string ""` : `${kind} name can't contain "."`, {
      op,
      argument: "name",
      expected: "a name without dots",
      given: `"${name}"`,
    });
  const own = { parameter: module._parameters, buffer: module._buffers, module: module._modules }[kind];
  if (name in module && !own?.has(name))
    complain(ArgumentError, `attribute '${name}' already exists`, {
      op,
      argument: "name",
      expected: "a name that is free",
      given: name,
    });
}

/** Every assignment to a property of a module comes here, that of a class field too. */
function assign(target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
  const self = target as Module;
  const { value } = descriptor;
  if (typeof key === "string" && "value" in descriptor) {
    const registry =
      value instanceof Parameter ? self._parameters : value instanceof Module ? self._modules : undefined;
    for (const [kind, map] of [
      ["parameter", self._parameters],
      ["child module", self._modules],
      ["buffer", self._buffers],
    ] as const) {
      if (map === registry || !map.has(key)) continue;
      if (registry) map.delete(key);
      else if (value === null || value === undefined || (kind === "buffer" && value instanceof Tensor))
        (map as Map<string, unknown>).set(key, value ?? null);
      else
        complain(FacetError, `cannot assign '${nameOf(value)}' as ${kind} '${key}'`, {
          op: self._get_name(),
          argument: key,
          expected:
            kind === "parameter" ? "a Parameter or null" : kind === "buffer" ? "a Tensor or null" : "a Module or null",
          given: nameOf(value),
        });
    }
    (registry as Map<string, unknown> | undefined)?.set(key, value);
    if (value instanceof Module) layerNames.set(value, key);
    // A tensor that outlives the call of forward that made it.
    if (value instanceof Tensor) keep(value);
  }
  return Reflect.defineProperty(target, key, descriptor);
}

function remove(target: object, key: string | symbol): boolean {
  const self = target as Module;
  if (typeof key === "string") for (const map of [self._parameters, self._modules, self._buffers]) map.delete(key);
  return Reflect.deleteProperty(target, key);
}

/** What happens to a module's properties; a compiled function hears of it too. */
const traps = { defineProperty: assign, deleteProperty: remove };

const nameOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : typeof value;
