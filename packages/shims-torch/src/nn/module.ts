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
import { checkDevice, type Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { sizeText } from "../python.js";
import { type Args, signature } from "../signature.js";
import { Tensor } from "../tensor.js";
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

  constructor() {
    const call = (...inputs: unknown[]): unknown => {
      return withLayer(layerNames.get(module) ?? module._get_name(), () => scope(() => module.forward(...inputs)));
    };
    // An arrow function's own properties would hide fields of the same names.
    for (const name of ["name", "length"]) Reflect.deleteProperty(call, name);
    Object.setPrototypeOf(call, new.target.prototype);
    const hidden = {
      _parameters: new ObservedMap(),
      _buffers: new ObservedMap(),
      _modules: new ObservedMap(),
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
  register_parameter(name: string, parameter: Parameter | null): void {
    requireName(this, "parameter", name);
    this._parameters.set(name, parameter);
    Object.defineProperty(this, name, fieldOf(parameter));
  }
  /** A tensor that is state but no parameter; left out of state_dict when not persistent. */
  register_buffer(name: string, tensor: Tensor | null, persistent = true): void {
    requireName(this, "buffer", name);
    if (!persistent)
      throw new UnsupportedError({ op: "register_buffer", argument: "persistent", expected: "true", given: "false" });
    this._buffers.set(name, tensor);
    Object.defineProperty(this, name, fieldOf(tensor));
  }
  add_module(name: string, module: Module | null): void {
    requireName(this, "module", name);
    this._modules.set(name, module);
    if (module) layerNames.set(module, name);
    Object.defineProperty(this, name, fieldOf(module));
  }
  register_module(name: string, module: Module | null): void {
    this.add_module(name, module);
  }

  // What is registered. A module or tensor that is reachable twice is given once, under its first name.
  *named_modules(prefix = "", seen = new Set<Module>()): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, module] of this._modules) if (module) yield* module.named_modules(join(prefix, name), seen);
  }
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.named_modules()) yield module;
  }
  *named_children(): IterableIterator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, module] of this._modules) {
      if (!module || seen.has(module)) continue;
      seen.add(module);
      yield [name, module];
    }
  }
  *children(): IterableIterator<Module> {
    for (const [, module] of this.named_children()) yield module;
  }
  named_parameters(prefix = "", recurse = true): IterableIterator<[string, Parameter]> {
    return namedTensors(this, (module) => module._parameters, prefix, recurse);
  }
  *parameters(recurse = true): IterableIterator<Parameter> {
    for (const [, parameter] of this.named_parameters("", recurse)) yield parameter;
  }
  named_buffers(prefix = "", recurse = true): IterableIterator<[string, Tensor]> {
    return namedTensors(this, (module) => module._buffers, prefix, recurse);
  }
  *buffers(recurse = true): IterableIterator<Tensor> {
    for (const [, buffer] of this.named_buffers("", recurse)) yield buffer;
  }

  // What is done to all of it.
  /** Calls `fn` on every submodule, then on this one. */
  apply(fn: (module: Module) => void): this {
    for (const module of this.children()) module.apply(fn);
    fn(this);
    return this;
  }
  train(mode = true): this {
    this.training = mode;
    for (const module of this.children()) module.train(mode);
    return this;
  }
  eval(): this {
    return this.train(false);
  }
  requires_grad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requires_grad_(on);
    return this;
  }
  /** Forgets the gradients (sets them to null); with `set_to_none: false` fills them with zeros. */
  zero_grad(...args: Args<[set_to_none: boolean], { set_to_none: boolean }>): void {
    zeroGradients(this.parameters(), readZeroGrad(args).set_to_none);
  }
  /** Devices are checked and otherwise change nothing; parameters are float32 and stay so. */
  to(...targets: (Device | Dtype | string)[]): this {
    for (const target of targets) {
      if (!(target instanceof Dtype)) checkDevice("Module.to", target);
      else if (!target.is_floating_point)
        throw new UnsupportedError({
          op: "Module.to",
          argument: "dtype",
          expected: "torch.float32",
          given: `${target}`,
        });
    }
    return this;
  }

  /**
   * Parameters and buffers by name, detached. They share the memory of the module's own until an optimiser made later
   * moves those; clone() them for a copy.
   */
  state_dict(): StateDict {
    const state: StateDict = {};
    for (const [name, tensor] of ownState(this)) state[name] = tensor.detach();
    return state;
  }

  /**
   * Copies tensors of a state_dict into this module. With `strict` (default) every name must be there and known; a size
   * that does not fit is an error either way, with nothing copied.
   */
  load_state_dict(state: StateDict, ...args: Args<[strict: boolean], { strict: boolean }>): IncompatibleKeys {
    const { strict } = readStrict(args);
    const own = ownState(this);
    const missing = [...own.keys()].filter((name) => !(name in state));
    const unexpected = Object.keys(state).filter((name) => !own.has(name));
    const problems: string[] = [];
    const quoted = (names: string[]): string => names.map((name) => `"${name}"`).join(", ");
    if (strict && missing.length > 0) problems.push(`Missing key(s) in state_dict: ${quoted(missing)}. `);
    if (strict && unexpected.length > 0) problems.push(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
    for (const [name, target] of own) {
      const source = state[name];
      if (source === undefined || `${source.shape}` === `${target.shape}`) continue;
      problems.push(
        `size mismatch for ${name}: copying a param with shape torch.Size(${sizeText(source.shape)}) from checkpoint, the shape in current model is torch.Size(${sizeText(target.shape)}).`,
      );
    }
    if (problems.length > 0) {
      complain(ShapeError, `Error(s) in loading state_dict for ${this._get_name()}:\n\t${problems.join("\n\t")}`, {
        op: "load_state_dict",
        argument: "state_dict",
        expected: "the names and shapes of the module",
        given: "others",
      });
    }
    noGrad(() => {
      for (const [name, target] of own) if (state[name]) target.copy_(state[name]);
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

const readStrict = signature<{ strict: boolean }>("load_state_dict", { strict: true });
const readZeroGrad = signature<{ set_to_none: boolean }>("zero_grad", { set_to_none: true });

const indent = (text: string): string => text.replaceAll("\n", "\n  ");
const join = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
const fieldOf = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

function* namedTensors<T extends Tensor>(
  module: Module,
  of: (module: Module) => Map<string, T | null>,
  prefix: string,
  recurse: boolean,
): IterableIterator<[string, T]> {
  const seen = new Set<T>();
  for (const [path, owner] of recurse ? module.named_modules(prefix) : [[prefix, module] as const]) {
    for (const [name, tensor] of of(owner)) {
      if (!tensor || seen.has(tensor)) continue;
      seen.add(tensor);
      yield [join(path, name), tensor];
    }
  }
}

/** Every parameter and buffer under every name it has: shared ones more than once, as in PyTorch. */
function ownState(module: Module, prefix = "", state = new Map<string, Tensor>()): Map<string, Tensor> {
  for (const [name, tensor] of [...module._parameters, ...module._buffers])
    if (tensor) state.set(join(prefix, name), tensor);
  for (const [name, child] of module._modules) if (child) ownState(child, join(prefix, name), state);
  return state;
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
