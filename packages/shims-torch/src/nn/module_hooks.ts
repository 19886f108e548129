// Hooks of modules: functions that a call, a backward pass or the state runs at its beginning and end.
import { ArgumentError, guard, isRecording, keep, sameValue, tracing, unscoped } from "@facet/autograd";
import { bool, define, defineMethod, func, isKeywords } from "@facet/dialect";
import { AutogradFunction } from "../autograd/function.js";
import { complain } from "../errors.js";
import { Hooks, type RemovableHandle } from "../removable.js";
import { Tensor, wrap } from "../tensor.js";
import type { Module } from "./module.js";
import type { IncompatibleKeys, StateDict } from "./module_state.js";

// biome-ignore lint/suspicious/noExplicitAny: what modules take and give.
type Any = any;
type Keys = Record<string, unknown>;
type ForwardPreHook = (module: Any, args: Any[], kwargs?: Any) => unknown;
type ForwardHook = (module: Any, args: Any[], output: Any, outputWithKwargs?: Any) => unknown;
type BackwardPreHook = (module: Any, grad_output: (Tensor | null)[]) => unknown;
type BackwardHook = (module: Any, grad_input: (Tensor | null)[], grad_output: (Tensor | null)[]) => unknown;
type StatePreHook = (module: Any, prefix: string, keep_vars: boolean) => void;
type StatePostHook = (module: Any, state_dict: StateDict, prefix: string, local_metadata: Keys) => void;
type LoadPreHook = (
  module: Any,
  state_dict: StateDict,
  prefix: string,
  local_metadata: Keys,
  strict: boolean,
  missing_keys: string[],
  unexpected_keys: string[],
  error_msgs: string[],
) => void;
type LoadPostHook = (module: Any, incompatible_keys: IncompatibleKeys) => void;

interface Entry<F> {
  readonly hook: F;
  readonly with_kwargs: boolean;
  readonly always_call: boolean;
}
interface Kinds {
  forward_pre: Entry<ForwardPreHook>;
  forward: Entry<ForwardHook>;
  backward_pre: BackwardPreHook;
  backward: BackwardHook;
  state_dict_pre: StatePreHook;
  state_dict_post: StatePostHook;
  load_state_dict_pre: LoadPreHook;
  load_state_dict_post: LoadPostHook;
}
type Kind = keyof Kinds;

/** Stands for every module, whose hooks come before a module's own. */
const EVERY = {};
const registered = new WeakMap<object, Map<Kind, Hooks<unknown>>>();
const hooksOf = <K extends Kind>(owner: object, kind: K): readonly Kinds[K][] =>
  [...(registered.get(owner)?.get(kind) ?? [])] as Kinds[K][];

/** Counts what was registered or taken out: a compiled function is traced anew when that has changed. */
const changes = { count: 0 };

function add<K extends Kind>(owner: object, kind: K, hook: Kinds[K], first = false): RemovableHandle {
  const kinds = registered.get(owner) ?? new Map<Kind, Hooks<unknown>>();
  registered.set(owner, kinds);
  const hooks = kinds.get(kind) ?? new Hooks<unknown>(() => changes.count++);
  kinds.set(kind, hooks);
  return hooks.add(hook, first);
}

/** The hooks of a state, in their order. */
export const stateHooks = <
  K extends "state_dict_pre" | "state_dict_post" | "load_state_dict_pre" | "load_state_dict_post",
>(
  module: object,
  kind: K,
): readonly Kinds[K][] => hooksOf(module, kind);

function relyOnHooks(): void {
  const trace = tracing();
  if (!trace || trace.seen.has(changes)) return;
  trace.seen.add(changes);
  const { count } = changes;
  guard(() => changes.count === count);
}

const both = <K extends Kind>(module: object, kind: K): readonly Kinds[K][] => [
  ...hooksOf(EVERY, kind),
  ...hooksOf(module, kind),
];

/** Runs a module's forward between its hooks. */
export function throughHooks(module: Module, inputs: readonly unknown[]): unknown {
  relyOnHooks();
  if (!registered.has(module) && !registered.has(EVERY)) return module.forward(...inputs);
  const [backwardPre, backward] = [both(module, "backward_pre"), both(module, "backward")];
  const last = inputs.at(-1);
  const named = isKeywords(last);
  let args = named ? inputs.slice(0, -1) : [...inputs];
  let kwargs: Keys = named ? last : {};
  const called = new Set<unknown>();
  const after = both(module, "forward");
  const run = ({ hook, with_kwargs }: Entry<ForwardHook>, result: unknown): unknown =>
    unscoped(() => (with_kwargs ? hook(module, args, kwargs, result) : hook(module, args, result)));
  let result: unknown;
  try {
    for (const entry of both(module, "forward_pre")) [args, kwargs] = changedBy(entry, module, args, kwargs);
    const way = backwardPre.length + backward.length > 0 ? new WayBack(module, backwardPre, backward) : undefined;
    if (way) args = way.enter(args);
    result = module.forward(...args, ...(named || Object.keys(kwargs).length > 0 ? [kwargs] : []));
    if (after.length > 0) keep([args, kwargs, result]);
    for (const entry of after) {
      called.add(entry);
      result = run(entry, result) ?? result;
    }
    return way ? way.leave(result) : result;
  } catch (error) {
    for (const entry of after) {
      if (!entry.always_call || called.has(entry)) continue;
      // The first error is the one to tell of.
      try {
        result = run(entry, result) ?? result;
      } catch (second) {
        console.warn(`a forward hook with always_call threw, after another error: ${second}`);
      }
    }
    throw error;
  }
}

function changedBy(
  { hook, with_kwargs }: Entry<ForwardPreHook>,
  module: Module,
  args: unknown[],
  kwargs: Keys,
): [unknown[], Keys] {
  // A hook may hold on to what it sees and makes.
  keep([args, kwargs]);
  if (!with_kwargs) {
    const changed = unscoped(() => hook(module, args));
    if (changed === null || changed === undefined) return [args, kwargs];
    return [Array.isArray(changed) ? changed : [changed], kwargs];
  }
  const changed = unscoped(() => hook(module, args, kwargs));
  if (changed === null || changed === undefined) return [args, kwargs];
  if (Array.isArray(changed) && changed.length === 2 && Array.isArray(changed[0]) && isKeywords(changed[1]))
    return changed as [unknown[], Keys];
  return complain(
    ArgumentError,
    `forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got ${changed}.`,
    { op: module._get_name(), argument: "hook", expected: "nothing, or [args, kwargs]", given: "another result" },
  );
}

/** Of a call: what its arguments and results were, so that hooks see the gradients of both. */
class WayBack {
  readonly #module: Module;
  readonly #pre: readonly BackwardPreHook[];
  readonly #hooks: readonly BackwardHook[];
  #count = 0;
  /** Positions of the arguments that are tensors; undefined where no gradient is asked for. */
  #places: readonly number[] | undefined;
  #outputs: (Tensor | null)[] | undefined;
  constructor(module: Module, pre: readonly BackwardPreHook[], hooks: readonly BackwardHook[]) {
    this.#module = module;
    this.#pre = pre;
    this.#hooks = hooks;
  }

  /** The arguments, whose gradients then pass by the hooks. */
  enter(args: unknown[]): unknown[] {
    this.#count = args.length;
    const places = placesOf(args);
    if (!carriesGradient(places.map((place) => args[place] as Tensor))) return args;
    this.#places = places;
    return passing(args, places, (grads) => {
      if (!this.#outputs) return grads;
      const all = this.#told(places, grads);
      this.#outputs = undefined;
      return places.map((place) => handle(all[place]));
    });
  }

  /** The result, whose gradient comes by first. */
  leave(result: unknown): unknown {
    const list = Array.isArray(result) ? result : [result];
    const places = placesOf(list);
    if (!carriesGradient(places.map((place) => list[place] as Tensor))) return result;
    const back = passing(list, places, (grads) => {
      let outputs = spread(list.length, places, grads);
      for (const hook of this.#pre)
        outputs = replaced(
          "grad_output",
          "pre hook",
          outputs,
          unscoped(() => hook(this.#module, outputs)),
        );
      this.#outputs = outputs;
      // No gradient of the arguments is to come: hooks are called at once.
      if (!this.#places) this.#told([], []);
      return places.map((place) => handle(outputs[place]));
    });
    return Array.isArray(result) ? back : back[0];
  }

  #told(places: readonly number[], grads: readonly (Tensor | null)[]): (Tensor | null)[] {
    let inputs = spread(this.#count, places, grads);
    for (const hook of this.#hooks) {
      const given = unscoped(() => hook(this.#module, inputs, this.#outputs ?? []));
      inputs = replaced("grad_input", "hook", inputs, given);
    }
    return inputs;
  }
}

const placesOf = (list: readonly unknown[]): number[] =>
  list.flatMap((each, place) => (each instanceof Tensor ? [place] : []));
const carriesGradient = (tensors: readonly Tensor[]): boolean =>
  isRecording() && tensors.some((tensor) => tensor.requires_grad);

/** Another handle on a gradient: the pass frees its own, and a hook may hold on to what it sees. */
const handle = (grad: Tensor | null | undefined): Tensor | null => (grad ? wrap(sameValue(grad.core)) : null);

function spread(count: number, places: readonly number[], grads: readonly (Tensor | null)[]): (Tensor | null)[] {
  const all = Array.from({ length: count }, (): Tensor | null => null);
  for (const [k, place] of places.entries()) all[place] = unscoped(() => handle(grads[k]));
  return all;
}

/** What a hook returned in the place of gradients, of which there must be as many. */
function replaced(what: string, kind: string, before: (Tensor | null)[], given: unknown): (Tensor | null)[] {
  if (given === null || given === undefined) return before;
  const list = (Array.isArray(given) ? given : [given]) as (Tensor | null)[];
  if (list.length === before.length) return list;
  return complain(
    ArgumentError,
    `Backward ${kind} returned an invalid number of ${what}, got ${list.length}, but expected ${before.length}`,
    { op: "backward", argument: "hook", expected: `${before.length}`, given: `${list.length}` },
  );
}

type Pull = (grads: (Tensor | null)[]) => (Tensor | null)[];
/** The tensors at `places` as they are; their gradients are what `pull` makes of them. */
function passing(list: readonly unknown[], places: readonly number[], pull: Pull): unknown[] {
  const passed = Passing.apply(pull, ...places.map((place) => list[place])) as Tensor[];
  const all = [...list];
  for (const [k, place] of places.entries()) all[place] = passed[k];
  return all;
}

class Passing extends AutogradFunction {
  static override forward(ctx: Any, pull: Pull, ...tensors: Tensor[]): Tensor[] {
    ctx.pull = pull;
    ctx.set_materialize_grads(false);
    const fixed = tensors.filter((tensor) => !tensor.requires_grad);
    const same = tensors.map((tensor) => wrap(sameValue(tensor.core)));
    ctx.mark_non_differentiable(...same.filter((_, k) => fixed.includes(tensors[k] as Tensor)));
    return same;
  }
  static override backward(ctx: Any, ...grads: (Tensor | null)[]): (Tensor | null)[] {
    return [null, ...(ctx.pull as Pull)(grads)];
  }
}

const forwardRules = { hook: func, "*": null, prepend: bool.or(false), with_kwargs: bool.or(false) } as const;
const backwardRules = { hook: func, prepend: bool.or(false) } as const;
const own = (name: string): string => `torch.nn.Module.register_${name}_hook`;

type Args<F, Named = object> =
  | [hook: F]
  | [hook: F, named: Partial<Named>]
  | [named: { readonly hook: F } & Partial<Named>];
type BackwardArgs<F> =
  | [hook: F, prepend?: boolean]
  | [hook: F, named: { readonly prepend?: boolean }]
  | [named: { readonly hook: F; readonly prepend?: boolean }];
interface Before {
  readonly prepend: boolean;
  readonly with_kwargs: boolean;
}

/** Methods that register hooks. Each returns a handle whose remove() takes the hook out. */
export interface HookMethods {
  /** `hook(module, args)` before forward, `hook(module, args, kwargs)` with `with_kwargs`; what it returns stands for the arguments. */
  register_forward_pre_hook(...args: Args<ForwardPreHook, Before>): RemovableHandle;
  /**
   * `hook(module, args, output)` after forward, `hook(module, args, kwargs, output)` with `with_kwargs`; what it returns stands for the
   * output. With `always_call` it is called, with what there is, when something before it throws.
   */
  register_forward_hook(...args: Args<ForwardHook, Before & { readonly always_call: boolean }>): RemovableHandle;
  /** `hook(module, grad_output)` before the module's backward pass; what it returns stands for the gradients. */
  register_full_backward_pre_hook(...args: BackwardArgs<BackwardPreHook>): RemovableHandle;
  /** `hook(module, grad_input, grad_output)` when the gradients of the arguments are there; what it returns stands for grad_input. */
  register_full_backward_hook(...args: BackwardArgs<BackwardHook>): RemovableHandle;
  /** `hook(module, prefix, keep_vars)` before the module's own part of state_dict(). */
  register_state_dict_pre_hook(...args: Args<StatePreHook>): RemovableHandle;
  /** `hook(module, state_dict, prefix, local_metadata)` after it and its children's parts; it may write into the state. */
  register_state_dict_post_hook(...args: Args<StatePostHook>): RemovableHandle;
  /**
   * `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)` before the module's own part
   * is loaded; it may write into the state, which is a copy of the caller's.
   */
  register_load_state_dict_pre_hook(...args: Args<LoadPreHook>): RemovableHandle;
  /** `hook(module, incompatible_keys)` after the module and its children are loaded; it may write into the two lists. */
  register_load_state_dict_post_hook(...args: Args<LoadPostHook>): RemovableHandle;
}

const onBackward = <K extends "backward" | "backward_pre">(kind: K) =>
  defineMethod(own(`full_${kind}`), backwardRules, (self: object, { hook, prepend }) =>
    add(self, kind, hook as Kinds[K], prepend),
  );
const onState = <K extends "state_dict_pre" | "state_dict_post" | "load_state_dict_pre" | "load_state_dict_post">(
  kind: K,
) => defineMethod(own(kind), { hook: func }, (self: object, { hook }) => add(self, kind, hook as Kinds[K]));

export const hookMethods = {
  register_forward_pre_hook: defineMethod(
    own("forward_pre"),
    forwardRules,
    (self: object, { hook, prepend, with_kwargs }) =>
      add(self, "forward_pre", { hook: hook as ForwardPreHook, with_kwargs, always_call: false }, prepend),
  ),
  register_forward_hook: defineMethod(
    own("forward"),
    { ...forwardRules, always_call: bool.or(false) },
    (self: object, { hook, prepend, with_kwargs, always_call }) =>
      add(self, "forward", { hook: hook as ForwardHook, with_kwargs, always_call }, prepend),
  ),
  register_full_backward_pre_hook: onBackward("backward_pre"),
  register_full_backward_hook: onBackward("backward"),
  register_state_dict_pre_hook: onState("state_dict_pre"),
  register_state_dict_post_hook: onState("state_dict_post"),
  register_load_state_dict_pre_hook: onState("load_state_dict_pre"),
  register_load_state_dict_post_hook: onState("load_state_dict_post"),
};

type GlobalHook<F, Named = object> = (...args: Args<F, Named>) => RemovableHandle;
const global = (name: string): string => `torch.nn.modules.module.register_module_${name}_hook`;

/** As Module.register_forward_pre_hook, for every module. */
export const register_module_forward_pre_hook: GlobalHook<ForwardPreHook> = define(
  global("forward_pre"),
  { hook: func },
  ({ hook }) => add(EVERY, "forward_pre", { hook: hook as ForwardPreHook, with_kwargs: false, always_call: false }),
);
/** As Module.register_forward_hook, for every module. */
export const register_module_forward_hook: GlobalHook<ForwardHook, { with_kwargs: boolean; always_call: boolean }> =
  define(
    global("forward"),
    { hook: func, "*": null, with_kwargs: bool.or(false), always_call: bool.or(false) },
    ({ hook, with_kwargs, always_call }) =>
      add(EVERY, "forward", { hook: hook as ForwardHook, with_kwargs, always_call }),
  );
/** As Module.register_full_backward_pre_hook, for every module. */
export const register_module_full_backward_pre_hook: GlobalHook<BackwardPreHook> = define(
  global("full_backward_pre"),
  { hook: func },
  ({ hook }) => add(EVERY, "backward_pre", hook as BackwardPreHook),
);
/** As Module.register_full_backward_hook, for every module. */
export const register_module_full_backward_hook: GlobalHook<BackwardHook> = define(
  global("full_backward"),
  { hook: func },
  ({ hook }) => add(EVERY, "backward", hook as BackwardHook),
);
