// Hooks on gradients of tensors, and what a tensor says of the graph behind it.
import * as core from "@facet/autograd";
import { defineMethod, func, methods } from "@facet/dialect";
import { copyOf } from "../convert.js";
import { complain } from "../errors.js";
import { assignGradient, peekGradient } from "../gradient_slots.js";
import { backwardName } from "../print.js";
import { Hooks, RemovableHandle } from "../removable.js";
import { Tensor, wrap } from "../tensor.js";
import { retained } from "./retained.js";

function nodeOf(self: Tensor, op: string, sentence: string): core.Node {
  const { node } = self.core;
  if (node) return node;
  return complain(core.FacetError, sentence, {
    op,
    argument: "self",
    expected: "a tensor that requires grad",
    given: "one that does not",
  });
}

type GradientHook = (grad: Tensor) => Tensor | null | undefined;
type AccumulatedHook = (param: Tensor) => void;

/** Hooks by leaf, called when its `.grad` has been written. */
const accumulated = new WeakMap<core.Node, { readonly tensor: Tensor; readonly hooks: Hooks<AccumulatedHook> }>();

/** Tells those who wait for it that a leaf's gradient has been written. */
export function afterAccumulation(node: core.Node): void {
  const found = accumulated.get(node);
  if (found) for (const hook of found.hooks) hook(found.tensor);
}

const hookMethods = {
  register_hook: defineMethod("torch.Tensor.register_hook", { hook: func }, (self: Tensor, { hook }) => {
    const node = nodeOf(self, "register_hook", "cannot register a hook on a tensor that doesn't require gradient");
    const given = hook as GradientHook;
    return new RemovableHandle(
      core.hookGradient(node, (gradient) => {
        const changed = given(wrap(gradient));
        if (changed === undefined || changed === null || changed instanceof Tensor) return changed?.core;
        throw new core.ArgumentError({
          op: "register_hook",
          argument: "hook",
          expected: "a function that returns a Tensor or nothing",
          given: "another result",
        });
      }),
    );
  }),
  retain_grad: defineMethod("torch.Tensor.retain_grad", {}, (self: Tensor) => {
    const node = nodeOf(self, "retain_grad", "can't retain_grad on Tensor that has requires_grad=False");
    if (core.isLeaf(self.core) || retained.has(node)) return;
    retained.add(node);
    const collect = (gradient: core.Tensor): undefined => {
      const before = peekGradient(node)?.core;
      const sum = core.unscoped(() => (before ? core.add(before, gradient) : copyOf(gradient)));
      assignGradient(node, wrap(sum), true);
    };
    core.hookGradient(node, collect, true);
  }),
  register_post_accumulate_grad_hook: defineMethod(
    "torch.Tensor.register_post_accumulate_grad_hook",
    { hook: func },
    (self: Tensor, { hook }) => {
      const op = "register_post_accumulate_grad_hook";
      const node = nodeOf(self, op, "cannot register a hook on a tensor that doesn't require gradient");
      if (!core.isLeaf(self.core))
        complain(core.FacetError, "post accumulate grad hooks cannot be registered on non-leaf tensors", {
          ...{ op, argument: "self", expected: "a leaf", given: "a computed tensor" },
        });
      const found = accumulated.get(node) ?? { tensor: self, hooks: new Hooks<AccumulatedHook>() };
      accumulated.set(node, found);
      return found.hooks.add(hook as AccumulatedHook);
    },
  ),
} as const;
methods(Tensor, hookMethods);

/** What made a tensor that carries a gradient: `x.grad_fn.name()`, and what made its inputs in `next_functions`. */
export class GradFn {
  readonly #node: core.Node;
  constructor(node: core.Node) {
    this.#node = node;
  }
  /** The name that PyTorch has for the way back through the op: AddBackward0. */
  name(): string {
    return backwardName(this.#node.op);
  }
  /** Pairs of what made each input (AccumulateGrad for a leaf) and the number of its output there. */
  get next_functions(): readonly (readonly [GradFn, number])[] {
    const inputs = this.#node.source?.inputs ?? [];
    return inputs.map((node) => [node.source ? new GradFn(node) : new AccumulateGrad(node), numberOf(node)] as const);
  }
  toString(): string {
    return `<${this.name()} object>`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

class AccumulateGrad extends GradFn {
  override name(): string {
    return "torch::autograd::AccumulateGrad";
  }
  override toString(): string {
    return "<AccumulateGrad object>";
  }
}

const numberOf = (node: core.Node): number => Math.max(0, node.source?.outputs.indexOf(node) ?? 0);

Object.defineProperties(Tensor.prototype, {
  grad_fn: {
    configurable: true,
    get(this: Tensor): GradFn | null {
      const { node } = this.core;
      return node && !core.isLeaf(this.core) ? new GradFn(node) : null;
    },
  },
  retains_grad: {
    configurable: true,
    get(this: Tensor): boolean {
      const { node } = this.core;
      return node !== undefined && retained.has(node);
    },
  },
  output_nr: {
    configurable: true,
    get(this: Tensor): number {
      return this.core.node ? numberOf(this.core.node) : 0;
    },
  },
});

declare module "../tensor.js" {
  interface Tensor {
    /** Calls `hook` with this tensor's gradient in every backward pass; a Tensor that it returns takes the gradient's place. */
    register_hook(hook: GradientHook | { readonly hook: GradientHook }): RemovableHandle;
    /** Lets backward() collect the gradient of this computed tensor in its `.grad` too. */
    retain_grad(): void;
    /** Calls `hook` with this leaf when backward() has written its `.grad`. */
    register_post_accumulate_grad_hook(hook: AccumulatedHook | { readonly hook: AccumulatedHook }): RemovableHandle;
    /** What made this tensor; null for a leaf, and where no gradient flows. */
    readonly grad_fn: GradFn | null;
    /** Whether retain_grad() was asked for. */
    readonly retains_grad: boolean;
    /** Which of its op's outputs this tensor is. */
    readonly output_nr: number;
  }
}
