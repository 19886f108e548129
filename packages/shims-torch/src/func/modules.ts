// Modules as functions of their parameters and buffers.
import { ArgumentError } from "@facet/autograd";
import { any, bool, define, type Keywords, Kind, listOf, mapping } from "@facet/dialect";
import { complain } from "../errors.js";
import { named } from "../kinds.js";
import { Module } from "../nn/module.js";
import { stack } from "../ops/joining.js";
import type { Tensor } from "../tensor.js";
import { become, Tensor as TensorClass } from "../tensor.js";

type Named = Readonly<Record<string, Tensor>>;
type FunctionalCall = (
  module: Module,
  parameter_and_buffer_dicts: Named | readonly Named[],
  args?: unknown,
  kwargs?: Record<string, unknown> | null,
  named?: { readonly tie_weights?: boolean; readonly strict?: boolean },
  // biome-ignore lint/suspicious/noExplicitAny: what the module returns.
) => any;
const module = new Kind<Module>("a Module", (value) => value instanceof Module, true);
const dicts = named<Named>("parameter_and_buffer_dicts", "an object of tensors by name").either(
  listOf(mapping<Named>()),
);

/**
 * Calls a module with other tensors in the places of its parameters and buffers, by their names: gradients flow to these, and what is
 * tied stays tied. `args` is the list of arguments, or one. With `strict` all names must be given.
 */
export const functional_call: FunctionalCall = define(
  "torch.func.functional_call",
  {
    module,
    parameter_and_buffer_dicts: dicts,
    args: any.or(null),
    kwargs: mapping().or(null),
    "*": null,
    tie_weights: bool.or(true),
    strict: bool.or(false),
  },
  (given) => {
    const target = given.module as Module;
    const replaced = Object.assign({}, ...[given.parameter_and_buffer_dicts].flat()) as Record<string, Tensor>;
    const own = new Map<string, Tensor>([
      ...target.named_parameters({ remove_duplicate: false }),
      ...target.named_buffers({ remove_duplicate: false }),
    ]);
    const unexpected = Object.keys(replaced).filter((name) => !own.has(name));
    if (unexpected.length > 0) refuse(`Unexpected key(s): ${unexpected.join(", ")}.`, "names that the module has");
    const missing = [...own.keys()].filter((name) => !Object.hasOwn(replaced, name));
    if (given.strict && missing.length > 0) refuse(`Missing key(s): ${missing.join(", ")}.`, "all names of the module");
    if (!given.tie_weights) requireUntied(own, replaced);
    const before: [Tensor, Tensor["core"]][] = [];
    const args = given.args === null ? [] : Array.isArray(given.args) ? given.args : [given.args];
    try {
      for (const [name, tensor] of Object.entries(replaced)) {
        if (!(tensor instanceof TensorClass)) refuse(`${name} should be an instance of torch.Tensor`, "tensors");
        const place = own.get(name) as Tensor;
        before.push([place, place.core]);
        setCore(place, tensor.core);
      }
      const call = target as unknown as (...list: unknown[]) => unknown;
      return call(...args, ...(given.kwargs === null ? [] : [given.kwargs]));
    } finally {
      for (const [place, core] of before.reverse()) setCore(place, core);
    }
  },
);

/** A tensor is the handle that a program holds: while the module is called it stands for another value. */
function setCore(place: Tensor, core: Tensor["core"]): void {
  place[become](core);
}

function refuse(sentence: string, expected: string): never {
  return complain(ArgumentError, sentence, {
    ...{ op: "functional_call", argument: "parameter_and_buffer_dicts", expected, given: "others" },
  });
}

/** Names of one tensor are one place here: with tie_weights false all of them must be given the same. */
function requireUntied(own: ReadonlyMap<string, Tensor>, replaced: Readonly<Record<string, Tensor>>): void {
  const seen = new Map<Tensor, Tensor | undefined>();
  for (const [name, tensor] of own) {
    if (seen.has(tensor) && seen.get(tensor) !== replaced[name])
      throw new ArgumentError({
        op: "functional_call",
        argument: "tie_weights",
        expected: "true where a module has one tensor under several names",
        given: "false",
      });
    seen.set(tensor, replaced[name]);
  }
}

type State = Record<string, Tensor>;
type Stack = (...args: [models: readonly Module[]] | [Keywords<{ models: readonly Module[] }>]) => [State, State];

/** [parameters, buffers] of modules alike, each stacked along a new first dimension: what vmap maps functional_call over. */
export const stack_module_state: Stack = define(
  "torch.func.stack_module_state",
  { models: listOf(module) },
  (given) => {
    const models = given.models as readonly Module[];
    const wrong = (sentence: string, expected: string): never =>
      complain(ArgumentError, sentence, { op: "stack_module_state", argument: "models", expected, given: "others" });
    const [first] = models;
    if (!first) return wrong("stack_module_state: Expected at least one model, got 0.", "one model or more");
    if (!models.every(({ training }) => training === first.training))
      wrong("stack_module_state: Expected all models to have the same training/eval mode.", "one mode");
    if (!models.every((model) => model.constructor === first.constructor))
      wrong("stack_module_state: Expected all models to be of the same class.", "one class");
    const stacked = (of: (model: Module) => Iterable<readonly [string, Tensor]>): State => {
      const all = models.map((model) => [...of(model)]);
      return Object.fromEntries(
        (all[0] ?? []).map(([name, tensor], i) => {
          const list = all.map((entries) => (entries[i] as readonly [string, Tensor])[1].detach());
          const whole = stack(list);
          return [name, tensor.requires_grad ? whole.requires_grad_() : whole];
        }),
      );
    };
    return [stacked((model) => model.named_parameters()), stacked((model) => model.named_buffers())];
  },
);
