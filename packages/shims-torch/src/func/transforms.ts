// torch.func: derivatives of functions of nested tensors.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { any, bool, define, func, int, type Kind, listOf, oneOrMore, only } from "@facet/dialect";
import { complain } from "../errors.js";
import { each } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor } from "../tensor.js";
import { buildTree, mapTree, onlyTensors, requireAlike, type Tree, takeTree } from "./trees.js";

// biome-ignore lint/suspicious/noExplicitAny: functions of all arguments.
export type AnyFunction = (...args: any[]) => any;
/** Numbers of the arguments by which a function is differentiated. */
export type ArgNums = number | readonly number[];

/** Calls a function that must not be asynchronous. */
export function call(op: string, fn: AnyFunction, args: readonly unknown[]): unknown {
  const result = fn(...args);
  if (!(result instanceof Promise)) return result;
  throw new ArgumentError({
    op,
    argument: "func",
    expected: "a synchronous function",
    given: "one that returned a promise",
  });
}

/** What a function returned, apart from what it returned beside: a pair where there is something beside. */
export function outputAndAux(op: string, result: unknown, has_aux: boolean): [output: unknown, aux: unknown] {
  if (!has_aux) return [result, undefined];
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  return complain(
    ArgumentError,
    `${op}(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True`,
    {
      op,
      argument: "func",
      expected: "a function that returns [output, aux]",
      given: "another result",
    },
  );
}

/** Some of a function's arguments, as one tree, and the call with others in their place. */
export interface Chosen {
  readonly tree: Tree;
  readonly call: (tensors: readonly core.Tensor[]) => unknown;
  /** Values for the chosen arguments as the caller named them: one, or a list. */
  readonly shaped: (tensors: readonly core.Tensor[]) => unknown;
}

export function choose(op: string, fn: AnyFunction, argnums: ArgNums, args: readonly unknown[]): Chosen {
  const places = (typeof argnums === "number" ? [argnums] : argnums).map((given) => {
    const at = given < 0 ? given + args.length : given;
    if (at >= 0 && at < args.length) return at;
    return complain(ArgumentError, `Got argnum=${given}, but only ${args.length} positional inputs`, {
      op,
      argument: "argnums",
      expected: "the number of an argument",
      given: `${given}`,
    });
  });
  const tree = onlyTensors(
    op,
    "args",
    places.map((at) => args[at]),
  );
  for (const tensor of tree.tensors) requireFloats(op, "args", tensor);
  return {
    tree,
    call: (tensors) => {
      const parts = buildTree(tree.template, tensors) as unknown[];
      const given = [...args];
      for (const [k, at] of places.entries()) given[at] = parts[k];
      return call(op, fn, given);
    },
    shaped: (tensors) => {
      const parts = buildTree(tree.template, tensors) as unknown[];
      return typeof argnums === "number" ? parts[0] : parts;
    },
  };
}

function requireFloats(op: string, argument: string, tensor: core.Tensor): void {
  if (tensor.dtype === "float32" || tensor.dtype === "float16" || tensor.dtype === "bfloat16") return;
  complain(core.DtypeError, "only Tensors of floating point dtype can require gradients", {
    op,
    argument,
    expected: "floats",
    given: tensor.dtype,
  });
}

/** Runs `body` with gradients recorded; `outside` is whether they were. */
export const recorded = <T>(body: (outside: boolean) => T): T => {
  const outside = core.isRecording();
  return core.withRecording(true, () => body(outside));
};

/** Runs `body` so that the derivatives it takes can be differentiated again, if `on`. */
export const differentiably = <T>(on: boolean, body: () => T): T => (on ? core.withVariables([], body).result : body());

export const constants = <T>(value: T, on: boolean): T => (on ? value : mapTree(value, core.stopGradient));
export const anyTracked = ({ tensors }: Tree): boolean => tensors.some((tensor) => core.isTracked(tensor));

export const argnumsKind: Kind<ArgNums> = oneOrMore(int);

interface GradNamed {
  argnums?: ArgNums;
  has_aux?: boolean;
}
// biome-ignore lint/suspicious/noExplicitAny: gradients have the structure of the arguments that were chosen.
type Gradient<F extends AnyFunction> = (...args: Parameters<F>) => any;
interface Grad {
  <F extends AnyFunction>(func: F, argnums?: ArgNums, has_aux?: boolean): Gradient<F>;
  <F extends AnyFunction>(func: F, named: GradNamed): Gradient<F>;
}

function gradient(name: "grad" | "grad_and_value"): Grad {
  return define(
    `torch.func.${name}`,
    { func, argnums: argnumsKind.or(0), has_aux: bool.or(false) },
    ({ func: fn, argnums, has_aux }) =>
      (...args: unknown[]) => {
        const chosen = choose(name, fn, argnums as ArgNums, args);
        return core.scope(() =>
          recorded((outside) => {
            const { result, variables } = core.withVariables(chosen.tree.tensors, chosen.call);
            const [output, aux] = outputAndAux(name, result, has_aux);
            const loss = scalarOutput(name, output);
            // Gradients that flow on from here, to arguments of transforms around or to leaves, need the graph of this one.
            const beyond = core.reachesBeyond([loss.core], variables);
            const on = outside && beyond;
            const found = core.gradients(loss.core, variables, { createGraph: on, retainGraph: beyond });
            const gradients = chosen.shaped(variables.map((variable, i) => found[i] ?? core.gradientZeros(variable)));
            const kept = constants({ value: loss, aux }, on);
            if (name === "grad") return has_aux ? [gradients, kept.aux] : gradients;
            return [gradients, has_aux ? [kept.value, kept.aux] : kept.value];
          }),
        );
      },
  );
}

function scalarOutput(op: string, output: unknown): Tensor {
  if (!(output instanceof Tensor))
    throw new ArgumentError({
      op,
      argument: "func",
      expected: "a function that returns a Tensor",
      given: "another result",
    });
  if (output.rank !== 0)
    complain(
      core.ShapeError,
      `${op}(f)(*args): Expected f(*args) to return a scalar tensor, got tensor with ${output.rank} dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
      { op, argument: "func", expected: "[]", given: sizeText(output.shape) },
    );
  return output;
}

/** A function of the same arguments: the gradient of `func` by the arguments at `argnums` (0), or with `has_aux` [gradient, aux]. */
export const grad: Grad = gradient("grad");
/** As grad, with the value: [gradient, value], or [gradient, [value, aux]]. */
export const grad_and_value: Grad = gradient("grad_and_value");

// biome-ignore lint/suspicious/noExplicitAny: trees of tensors.
type Any = any;
type Vjp = (func: AnyFunction, ...primals: unknown[]) => Any;

/**
 * `vjp(func, ...primals)`: [output, function of cotangents like the output to the list of gradients of the primals], with `has_aux: true` (by name, last) aux too.
 */
export const vjp: Vjp = define(
  "torch.func.vjp",
  { func, "*primals": each(any), has_aux: bool.or(false) },
  ({ func: fn, primals, has_aux }) =>
    recorded((outside) => {
      const chosen = choose(
        "vjp",
        fn,
        (primals as unknown[]).map((_, i) => i),
        primals as unknown[],
      );
      const { result, variables } = core.withVariables(chosen.tree.tensors, chosen.call);
      const [output, aux] = outputAndAux("vjp", result, has_aux);
      const tree = onlyTensors("vjp", "output of func", output);
      const on = outside && core.reachesBeyond(tree.tensors, variables);
      const nested = core.isDifferentiating();
      const pullback = (...cotangents: unknown[]): unknown => {
        const given = onlyTensors("vjp", "cotangents", cotangents.length === 1 ? cotangents[0] : cotangents);
        requireAlike("vjp", "cotangents", given, tree);
        const found = core.gradients(tree.tensors, variables, {
          cotangents: [...given.tensors],
          createGraph: on || nested || core.isDifferentiating(),
          retainGraph: true,
        });
        return chosen.shaped(variables.map((variable, i) => found[i] ?? core.gradientZeros(variable)));
      };
      const kept = constants({ output, aux }, on || nested);
      return has_aux ? [kept.output, pullback, kept.aux] : [kept.output, pullback];
    }),
);

interface JvpNamed {
  strict?: false;
  has_aux?: boolean;
}
type Jvp = (func: AnyFunction, primals: readonly unknown[], tangents: readonly unknown[], named?: JvpNamed) => Any;

/** [output, its directional derivative at `primals` along `tangents`], with `has_aux` aux too. */
export const jvp: Jvp = define(
  "torch.func.jvp",
  { func, primals: listOf(any), tangents: listOf(any), "*": null, strict: only(false), has_aux: bool.or(false) },
  ({ func: fn, primals, tangents, has_aux }) =>
    recorded((outside) => {
      const chosen = choose(
        "jvp",
        fn,
        primals.map((_, i) => i),
        primals,
      );
      const along = onlyTensors("jvp", "tangents", tangents);
      requireAlike("jvp", "tangents", along, chosen.tree);
      const on = outside && (anyTracked(chosen.tree) || anyTracked(along));
      return core.scope(() =>
        differentiably(on, () => {
          const { output, aux, pushforward } = linearized("jvp", chosen, has_aux);
          const kept = constants({ output, aux }, core.isDifferentiating());
          const moved = pushforward(along);
          return has_aux ? [kept.output, moved, kept.aux] : [kept.output, moved];
        }),
      );
    }),
);

function linearized(op: string, chosen: Chosen, has_aux: boolean) {
  const outputs = (result: unknown): readonly core.Tensor[] =>
    onlyTensors(op, "output of func", outputAndAux(op, result, has_aux)[0]).tensors;
  const { result, pushforward } = core.linearize(chosen.tree.tensors, chosen.call, outputs);
  const [output, aux] = outputAndAux(op, result, has_aux);
  const { template } = takeTree(output);
  return { output, aux, pushforward: (along: Tree): unknown => buildTree(template, pushforward(along.tensors)) };
}

type LinearizeFunction = (func: AnyFunction, ...primals: unknown[]) => Any;

/** [output, linear function of tangents of the primals to the output's], which may be called again and again. */
export const linearize: LinearizeFunction = define(
  "torch.func.linearize",
  { func, "*primals": each(any) },
  ({ func: fn, primals }) =>
    recorded(() => {
      const chosen = choose(
        "linearize",
        fn,
        (primals as unknown[]).map((_, i) => i),
        primals as unknown[],
      );
      const { output, pushforward } = linearized("linearize", chosen, false);
      const along = (...tangents: unknown[]): unknown => {
        const given = onlyTensors("linearize", "tangents", tangents);
        requireAlike("linearize", "tangents", given, chosen.tree);
        return pushforward(given);
      };
      return [constants(output, core.isDifferentiating()), along];
    }),
);
