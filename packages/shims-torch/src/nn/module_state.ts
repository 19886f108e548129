// The state of a module by name, and how it is put back.
import { noGrad, ShapeError } from "@facet/autograd";
import { complain } from "../errors.js";
import { sizeText } from "../python.js";
import { Tensor } from "../tensor.js";
import type { Module } from "./module.js";
import { stateHooks } from "./module_hooks.js";
import { nameOf, ownTensors } from "./module_registry.js";
import { Parameter } from "./parameter.js";
import { isUninitialized, type UninitializedParameter } from "./uninitialized.js";

/** Parameters and buffers by their dotted names. */
export type StateDict = Record<string, Tensor>;

/** What load_state_dict found that did not match; empty lists when all did. */
export interface IncompatibleKeys {
  missing_keys: string[];
  unexpected_keys: string[];
}

/** What a state says of one module: the version of its class' state. */
export interface LocalMetadata {
  readonly version?: number;
  /** Whether the module is to have the state's own tensors. */
  readonly assign_to_params_buffers?: boolean;
}
type Metadata = Record<string, LocalMetadata>;

/** A state dict with PyTorch's `_metadata`, which is not among its names. */
export function withMetadata(state: StateDict, metadata: Metadata): StateDict {
  return Object.defineProperty(state, "_metadata", { value: metadata, writable: true, configurable: true });
}
export const metadataOf = (state: object): Metadata | undefined =>
  Object.getOwnPropertyDescriptor(state, "_metadata")?.enumerable === false
    ? (state as { _metadata: Metadata })._metadata
    : undefined;
/** The version of a class' state: `_version` of the class, 1 unless it says another. */
export const versionOf = (module: Module): number => (module as { _version?: number })._version ?? 1;

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

/** What Module._save_to_state_dict does. */
export function saveOwn(module: Module, destination: StateDict, prefix: string, keep_vars: boolean): void {
  for (const [name, tensor] of ownTensors(module))
    destination[prefix + name] = keep_vars || isUninitialized(tensor) ? tensor : tensor.detach();
  const { get_extra_state } = module as ExtraState;
  if (get_extra_state) destination[`${prefix}${EXTRA}`] = get_extra_state.call(module) as Tensor;
}

/** What Module._load_from_state_dict does. */
export function loadOwn(
  module: Module,
  state: Readonly<Record<string, unknown>>,
  prefix: string,
  { assign_to_params_buffers = false }: LocalMetadata,
  strict: boolean,
  missing: string[],
  unexpected: string[],
  errors: string[],
): void {
  const own = new Map(ownTensors(module));
  for (const [name, target] of own) {
    const [key, source] = [prefix + name, state[prefix + name]];
    if (source === undefined) {
      if (strict) missing.push(key);
    } else if (!(source instanceof Tensor))
      errors.push(
        `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${nameOf(source)}`,
      );
    else if (isUninitialized(target)) {
      // A layer that waits for its first input takes the shape from the state.
      if (!isUninitialized(source))
        copies.push(() => {
          (target as UninitializedParameter).materialize(source.shape);
          target.copy_(source);
        });
    } else if (`${source.shape}` !== `${target.shape}`)
      errors.push(
        `size mismatch for ${key}: copying a param with shape torch.Size(${sizeText(source.shape)}) from checkpoint, the shape in current model is torch.Size(${sizeText(target.shape)}).`,
      );
    else if (assign_to_params_buffers) copies.push(() => assign(module, name, target, source));
    else copies.push(() => target.copy_(source));
  }
  const { set_extra_state } = module as ExtraState;
  if (set_extra_state) {
    const key = `${prefix}${EXTRA}`;
    if (Object.hasOwn(state, key)) copies.push(() => set_extra_state.call(module, state[key]));
    else if (strict) missing.push(key);
  }
  if (!strict) return;
  for (const key of Object.keys(state)) {
    if (!key.startsWith(prefix) || (key === `${prefix}${EXTRA}` && set_extra_state)) continue;
    const [name, ...rest] = key.slice(prefix.length).split(".") as [string, ...string[]];
    if (rest.length > 0 ? !module._modules.get(name) : !own.has(name)) unexpected.push(key);
  }
}

/** Makes a tensor of a state the module's own. */
function assign(module: Module, name: string, target: Tensor, source: Tensor): void {
  const { requires_grad } = target;
  const own =
    !(target instanceof Parameter) || source instanceof Parameter ? source : new Parameter(source, requires_grad);
  if (own instanceof Parameter) own.requires_grad_(requires_grad);
  Reflect.set(module, name, own);
}

/** What Module.load_state_dict does. */
export function loadState(module: Module, given: StateDict, strict: boolean, assign: boolean): IncompatibleKeys {
  const [missing, unexpected, errors]: [string[], string[], string[]] = [[], [], []];
  const incompatible = new Incompatible(missing, unexpected);
  const own = metadataOf(given);
  const planned = planCopies(() => {
    const state = withMetadata({ ...given }, own ?? {});
    const load = (owner: Module, prefix: string): void => {
      const local = { ...own?.[prefix.slice(0, -1)], ...(assign ? { assign_to_params_buffers: true } : {}) };
      owner._load_from_state_dict(state, prefix, local, true, missing, unexpected, errors);
      for (const [name, child] of owner._modules) if (child) load(child, `${prefix}${name}.`);
      const hooks = stateHooks(owner, "load_state_dict_post");
      // They look at what was loaded.
      if (hooks.length > 0) copyNow(copies.splice(0));
      for (const hook of hooks) hook(owner, incompatible);
    };
    load(module, "");
  });
  const quoted = (names: string[]): string => names.map((name) => `"${name}"`).join(", ");
  const problems = [...errors];
  if (strict && missing.length > 0) problems.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (strict && unexpected.length > 0)
    problems.splice(missing.length > 0 ? 1 : 0, 0, `Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  if (problems.length > 0) {
    complain(ShapeError, `Error(s) in loading state_dict for ${module._get_name()}:\n\t${problems.join("\n\t")}`, {
      op: "load_state_dict",
      argument: "state_dict",
      expected: "the names and shapes of the module",
      given: "others",
    });
  }
  copyNow(planned);
  return incompatible;
}

function copyNow(list: readonly (() => unknown)[]): void {
  noGrad(() => {
    for (const copy of list) copy();
  });
}
