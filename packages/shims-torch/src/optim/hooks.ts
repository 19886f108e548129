// Hooks around an optimiser's steps and its state, and what schedules ask: whether it has stepped.
import { bool, defineMethod, func } from "@facet/dialect";
import { Hooks, type RemovableHandle } from "../removable.js";

type Hook = (...args: unknown[]) => unknown;
type HookKind =
  | "step_pre"
  | "step_post"
  | "state_dict_pre"
  | "state_dict_post"
  | "load_state_dict_pre"
  | "load_state_dict_post";

const registered = new WeakMap<object, Map<HookKind, Hooks<Hook>>>();
const stepped = new WeakSet<object>();
const stepping = new WeakSet<object>();

/** Whether step() of an optimiser has been called. */
export const hasStepped = (optimizer: object): boolean => stepped.has(optimizer);

const hooksOf = (optimizer: object, kind: HookKind): Iterable<Hook> => registered.get(optimizer)?.get(kind) ?? [];

/** Calls hooks with the optimiser and a value, which each may replace by returning another. */
export function throughHooks<T>(optimizer: object, kind: HookKind, value: T): T {
  let result = value;
  for (const hook of hooksOf(optimizer, kind)) result = (hook(optimizer, result) as T | null | undefined) ?? result;
  return result;
}

function add(optimizer: object, kind: HookKind, hook: Hook, first = false): RemovableHandle {
  const kinds = registered.get(optimizer) ?? new Map<HookKind, Hooks<Hook>>();
  registered.set(optimizer, kinds);
  const hooks = kinds.get(kind) ?? new Hooks<Hook>();
  kinds.set(kind, hooks);
  return hooks.add(hook, first);
}

const watched = new WeakSet<object>();

/** Lets the step() that a class has run its hooks: once a class, when its first object is made. */
export function watchSteps(prototype: object): void {
  let owner = prototype;
  while (!Object.hasOwn(owner, "step")) owner = Object.getPrototypeOf(owner) as object;
  const { step } = owner as { step: (...args: unknown[]) => unknown };
  if (watched.has(step)) return;
  const within = {
    step(this: object, ...args: unknown[]): unknown {
      // A step that calls the step of its base is one.
      if (stepping.has(this)) return step.apply(this, args);
      stepping.add(this);
      try {
        let given = args;
        for (const hook of hooksOf(this, "step_pre")) {
          const changed = hook(this, given, {});
          if (Array.isArray(changed)) given = [...(changed[0] as unknown[]), ...Object.values(changed[1] as object)];
        }
        const result = step.apply(this, given);
        stepped.add(this);
        for (const hook of hooksOf(this, "step_post")) hook(this, given, {});
        return result;
      } finally {
        stepping.delete(this);
      }
    },
  };
  watched.add(within.step);
  Object.defineProperty(owner, "step", { value: within.step, writable: true, configurable: true });
}

type StepHook = (optimizer: object, args: unknown[], kwargs: object) => unknown;
type AroundState = (optimizer: object) => void;
type OnState<S> = (optimizer: object, state_dict: S) => unknown;
type RegisterStep = (self: object, hook: StepHook) => RemovableHandle;
type Register<F> = (self: object, hook: F, prepend?: boolean) => RemovableHandle;
// biome-ignore lint/suspicious/noExplicitAny: the state of an optimiser of any settings.
type State = any;

const atStep = (kind: HookKind): RegisterStep =>
  defineMethod(`torch.optim.Optimizer.register_${kind}_hook`, { hook: func }, (self: object, { hook }) =>
    add(self, kind, hook),
  );
const atState = <F>(kind: HookKind): Register<F> =>
  defineMethod(
    `torch.optim.Optimizer.register_${kind}_hook`,
    { hook: func, prepend: bool.or(false) },
    (self: object, { hook, prepend }) => add(self, kind, hook, prepend),
  );

/** Methods that register hooks. Each returns a handle whose remove() takes the hook out. */
export const hookMethods = {
  /** `hook(optimizer, args, kwargs)` before step(); a pair that it returns stands for the arguments. */
  register_step_pre_hook: atStep("step_pre"),
  /** `hook(optimizer, args, kwargs)` after step(). */
  register_step_post_hook: atStep("step_post"),
  /** `hook(optimizer)` before state_dict(). */
  register_state_dict_pre_hook: atState<AroundState>("state_dict_pre"),
  /** `hook(optimizer, state_dict)` after state_dict(); what it returns stands for the state. */
  register_state_dict_post_hook: atState<OnState<State>>("state_dict_post"),
  /** `hook(optimizer, state_dict)` before load_state_dict(); what it returns stands for the state. */
  register_load_state_dict_pre_hook: atState<OnState<State>>("load_state_dict_pre"),
  /** `hook(optimizer)` after load_state_dict(). */
  register_load_state_dict_post_hook: atState<AroundState>("load_state_dict_post"),
} as const;
