// torch.autograd.functional: derivatives at a point. Inputs are a tensor or a list, and results are like them.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import {
  type AnyFunction,
  anyTracked,
  type Chosen,
  choose,
  constants,
  differentiably,
  recorded,
} from "../func/transforms.js";
import { buildTree, onlyTensors, requireAlike, type Tree } from "../func/trees.js";
import { tensor, tensors } from "../kinds.js";
import type { Tensor } from "../tensor.js";

type Inputs = Tensor | readonly Tensor[];
const inputsKind = tensor.either(tensors);
const name = (op: string): string => `torch.autograd.functional.${op}`;

/** Tensors as the caller gave them: one, or a list. */
const like = (given: Inputs, list: readonly core.Tensor[]): unknown => {
  const parts = buildTree({ list: list.map((_, i) => ({ tensor: i })) }, list) as unknown[];
  return Array.isArray(given) ? parts : parts[0];
};
const listed = (given: Inputs): readonly Tensor[] => (Array.isArray(given) ? given : [given as Tensor]);

const chosenOf = (op: string, fn: AnyFunction, inputs: Inputs): Chosen => {
  const list = listed(inputs);
  return choose(
    op,
    fn,
    list.map((_, i) => i),
    list,
  );
};
const outputTree =
  (op: string) =>
  (result: unknown): Tree =>
    onlyTensors(op, "output of func", result);

/** What is given for `v`, or 1 where `alike` is one element. */
function direction(op: string, v: Inputs | null, alike: Tree, what: string): readonly core.Tensor[] {
  if (v !== null) {
    const given = onlyTensors(op, "v", listed(v));
    requireAlike(op, "v", given, {
      tensors: alike.tensors,
      template: { list: alike.tensors.map((_, i) => ({ tensor: i })) },
    });
    return given.tensors;
  }
  const [only] = alike.tensors;
  if (alike.tensors.length === 1 && only?.size === 1) return [core.full(only.shape, 1)];
  return complain(ArgumentError, `The vector v can only be None if ${what}.`, {
    op,
    argument: "v",
    expected: "a Tensor, or a list of them",
    given: "null",
  });
}

/** With strict, throws where an output does not depend on an input. */
function requireDependence(op: string, { tree, call }: Chosen): void {
  core.scope(() => {
    const { result, variables } = core.withVariables(tree.tensors, call);
    for (const [o, output] of outputTree(op)(result).tensors.entries()) {
      const found = core.isTracked(output)
        ? core.gradients(output, variables, { cotangents: core.gradientZeros(output), retainGraph: true })
        : [undefined];
      const at = found.indexOf(undefined);
      if (at >= 0)
        complain(
          ArgumentError,
          `Output ${o} of the user-provided function is independent of input ${at}. This is not allowed in strict mode.`,
          { op, argument: "strict", expected: "outputs that depend on every input", given: "true" },
        );
    }
  });
}

function scalarOf(op: string, tree: Tree): core.Tensor {
  const [output] = tree.tensors;
  if (tree.tensors.length === 1 && output?.size === 1) return output;
  return complain(ArgumentError, `The Tensor returned by the function given to ${op} should contain a single element`, {
    op,
    argument: "func",
    expected: "one element",
    given: "more",
  });
}

/** Gradients of a function of one element, differentiable again. */
const gradientOf =
  (op: string, call: Chosen["call"]) =>
  (inputs: readonly core.Tensor[]): { output: unknown; found: core.Tensor[] } => {
    const { result, gradients } = core.valueAndGradients(
      inputs,
      (given) => call(given),
      (output) => {
        const tree = outputTree(op)(output);
        return core.reshape(scalarOf(op, tree), []);
      },
    );
    return { output: result, found: gradients };
  };

interface Common {
  create_graph: boolean;
  strict: boolean;
}
const common = { create_graph: bool.or(false), strict: bool.or(false) } as const;

/** The frame of all of these: derivatives recorded, and differentiable again where that is asked for. */
function derive<T>(
  op: string,
  fn: AnyFunction,
  inputs: Inputs,
  { create_graph, strict }: Common,
  body: (chosen: Chosen) => T,
): T {
  const chosen = chosenOf(op, fn, inputs);
  return recorded(() => {
    if (strict) requireDependence(op, chosen);
    return core.scope(() => {
      const on = create_graph && anyTracked(chosen.tree);
      return differentiably(on, () => constants(body(chosen), core.isDifferentiating()));
    });
  });
}

interface JacobianNamed extends Partial<Common> {
  vectorize?: boolean;
  strategy?: "reverse-mode" | "forward-mode";
}
// biome-ignore lint/suspicious/noExplicitAny: a tensor, a list, or lists of lists, as inputs and outputs are.
type Any = any;
type Jacobian = (func: AnyFunction, inputs: Inputs, create_graph?: boolean | JacobianNamed, strict?: boolean) => Any;

/** Derivatives of every output by every input, of shape [...output, ...input]: a tensor, or lists as outputs and inputs are lists. */
export const jacobian: Jacobian = define(
  name("jacobian"),
  {
    ...{ func, inputs: inputsKind, ...common, vectorize: bool.or(false) },
    strategy: oneOf("reverse-mode", "forward-mode").or("reverse-mode"),
  },
  ({ func: fn, inputs, strategy, vectorize, ...settings }) => {
    if (strategy === "forward-mode" && !vectorize)
      complain(
        core.UnsupportedError,
        'torch.autograd.functional.jacobian: `strategy="forward-mode"` requires `vectorize=True`.',
        { op: "jacobian", argument: "vectorize", expected: "true", given: "false" },
      );
    return derive("jacobian", fn, inputs as Inputs, settings, ({ tree, call }) => {
      const make = strategy === "forward-mode" ? core.jacfwd : core.jacrev;
      const read = outputTree("jacobian");
      const { result, jacobian } = make(tree.tensors, call, (output) => read(output).tensors);
      return core.putTogether(read(result).template, (o) =>
        like(inputs as Inputs, jacobian[o] as readonly core.Tensor[]),
      );
    });
  },
);

interface HessianNamed extends Partial<Common> {
  vectorize?: boolean;
  outer_jacobian_strategy?: "reverse-mode" | "forward-mode";
}
type Hessian = (func: AnyFunction, inputs: Inputs, create_graph?: boolean | HessianNamed, strict?: boolean) => Any;

/** Second derivatives of a function of one element: a tensor, or a list of lists for a list of inputs. */
export const hessian: Hessian = define(
  name("hessian"),
  {
    ...{ func, inputs: inputsKind, ...common, vectorize: bool.or(false) },
    outer_jacobian_strategy: oneOf("reverse-mode", "forward-mode").or("reverse-mode"),
  },
  ({ func: fn, inputs, outer_jacobian_strategy, ...settings }) =>
    derive("hessian", fn, inputs as Inputs, settings, ({ tree, call }) => {
      const make = outer_jacobian_strategy === "forward-mode" ? core.jacfwd : core.jacrev;
      const first = gradientOf("hessian", call);
      const { jacobian } = make(
        tree.tensors,
        (given) => first(given).found,
        (found) => found,
      );
      const rows = jacobian.map((row) => like(inputs as Inputs, row));
      return Array.isArray(inputs) ? rows : rows[0];
    }),
);

type Product = (
  func: AnyFunction,
  inputs: Inputs,
  v?: Inputs | null | (Partial<Common> & { v?: Inputs | null }),
  create_graph?: boolean | Partial<Common>,
  strict?: boolean,
) => [output: Any, product: Any];
const productRules = { func, inputs: inputsKind, v: inputsKind.orNone.or(null), ...common } as const;

/** A product with a vector: [what the function gives, the product]. */
const product = (op: string, body: (chosen: Chosen, v: Inputs | null, inputs: Inputs) => [unknown, unknown]): Product =>
  define(name(op), productRules, ({ func: fn, inputs, v, ...settings }) =>
    derive(op, fn, inputs as Inputs, settings, (chosen) => body(chosen, v as Inputs | null, inputs as Inputs)),
  ) as Product;

/** v, like the output, times the jacobian: like the inputs. */
export const vjp = product("vjp", ({ tree, call }, v, inputs) => {
  const read = outputTree("vjp");
  const { result, pullback } = core.vjpOf(tree.tensors, call, (output) => read(output).tensors);
  const weights = direction("vjp", v, read(result), "the user-provided function returns a single element");
  return [result, like(inputs, pullback(weights))];
});

/** The jacobian times v, which is like the inputs: like the output. */
export const jvp = product("jvp", ({ tree, call }, v) => {
  const read = outputTree("jvp");
  const along = direction("jvp", v, tree, "the input to the user-provided function is a single element");
  const { result, tangents } = core.jvp(tree.tensors, along, call, (output) => read(output).tensors);
  return [result, buildTree(read(result).template, tangents)];
});

const ofHessian = (op: "hvp" | "vhp"): Product =>
  product(op, ({ tree, call }, v, inputs) => {
    const along = direction(op, v, tree, "the input to the user-provided function is a single element");
    const first = gradientOf(op, call);
    const { result, tangents } = core.jvp(tree.tensors, along, first, ({ found }) => found);
    return [result.output, like(inputs, tangents)];
  });
/** The matrix of second derivatives of a function of one element times v: like the inputs. */
export const hvp = ofHessian("hvp");
/** v times that matrix, which is symmetric: the same. */
export const vhp = ofHessian("vhp");
