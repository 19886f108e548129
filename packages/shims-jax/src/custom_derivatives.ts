// custom_vjp, custom_jvp and checkpoint: functions of trees whose derivative is given, or whose intermediate results are not kept.
import {
  ArgumentError,
  checkpoint as checkpointed,
  customJvp,
  customVjp,
  isFloating,
  type Tensor,
  zeros,
} from "@facet/autograd";
import { type Args, bool, define, func, int, type Keywords, listOf, only, show, signature } from "@facet/dialect";
import { JaxArray } from "./array.js";
import { keepsNothing, type Policy } from "./checkpoint_policies.js";
import { filledWith } from "./numpy/creation.js";
import { flatten, type PyTreeDef, unflatten } from "./tree/pytree.js";
import { type AnyFunction, treeScope } from "./tree/scope.js";

const isFloat = (leaf: unknown): leaf is JaxArray => leaf instanceof JaxArray && isFloating(leaf.dtype);

/** Leaves of trees with their arrays taken out, and put back. */
class Parts {
  readonly leaves: unknown[];
  readonly treedef: PyTreeDef;

  constructor(value: unknown) {
    [this.leaves, this.treedef] = flatten(value);
  }

  get tensors(): Tensor[] {
    return this.leaves.flatMap((leaf) => (leaf instanceof JaxArray ? [leaf.core] : []));
  }

  /** The same with other arrays. */
  with(tensors: readonly Tensor[]): unknown {
    let at = 0;
    const own = this.leaves.map((leaf) => (leaf instanceof JaxArray ? new JaxArray(tensors[at++] as Tensor) : leaf));
    return unflatten(this.treedef, own);
  }
}

/** Numbers among the arguments that are differentiated are arrays to the rule. */
const asArrays = (leaf: unknown): unknown =>
  typeof leaf === "number" ? new JaxArray(filledWith("custom_vjp", [], leaf, null).core) : leaf;

function withArrays(value: unknown): unknown {
  const [leaves, treedef] = flatten(value);
  return unflatten(treedef, leaves.map(asArrays));
}

/** Arguments that are differentiated, and the others by their place. */
function divided(fn: string, args: readonly unknown[], nondiff: readonly number[]) {
  for (const at of nondiff)
    if (at < -args.length || at >= args.length)
      throw new ArgumentError({
        op: fn,
        argument: "nondiff_argnums",
        expected: `positions among ${args.length} arguments`,
        given: `${at}`,
      });
  const fixed = new Set(nondiff.map((at) => (at < 0 ? at + args.length : at)));
  return {
    constants: [...fixed].sort((a, b) => a - b).map((at) => args[at]),
    primals: args.filter((_, at) => !fixed.has(at)).map(withArrays),
    whole: (primals: readonly unknown[]): unknown[] => {
      const rest = [...primals];
      return args.map((arg, at) => (fixed.has(at) ? arg : rest.shift()));
    },
  };
}

const missing = (fn: string, rule: string): ArgumentError =>
  new ArgumentError({
    op: fn,
    argument: rule,
    expected: `a call of ${rule}() before the function is used`,
    given: "none",
  });

/** Gradients given as trees, one for each of `primals`: a leaf for each of their arrays. null stands for zeros. */
function gradientLeaves(fn: string, given: unknown, primals: readonly unknown[]): (Tensor | undefined)[] {
  if (!Array.isArray(given) || given.length !== primals.length)
    throw new ArgumentError({
      op: fn,
      argument: "bwd",
      expected: `a list of ${primals.length} gradients, one for each differentiable argument`,
      given: show(given),
    });
  return primals.flatMap((primal, i) => {
    const [leaves, treedef] = flatten(primal);
    const parts = given[i] === null ? leaves.map(() => null) : treedef.flatten_up_to(given[i]);
    return leaves.flatMap((leaf, k) => {
      if (!(leaf instanceof JaxArray)) return [];
      const part = asArrays(parts[k]);
      return [part instanceof JaxArray && isFloat(leaf) ? part.core : undefined];
    });
  });
}

/** A function with a gradient of its own. */
export interface CustomVjp<F extends AnyFunction> {
  (...args: Parameters<F>): ReturnType<F>;
  /**
   * `fwd` takes what the function takes and returns [output, residuals]; `bwd` takes the arguments at nondiff_argnums, the residuals and the cotangent of the
   * output, and returns a list with the gradient of each other argument.
   */
  // biome-ignore lint/suspicious/noExplicitAny: residuals are whatever the two agree on.
  defvjp(fwd: AnyFunction, bwd: (...args: any[]) => unknown, ...options: unknown[]): void;
}

type Custom<T> = <F extends AnyFunction>(
  fun: F,
  ...args: Args<
    [nondiff_argnums: readonly number[]],
    { fun: F; nondiff_argnums: readonly number[]; nondiff_argnames: readonly [] }
  >
) => T extends "vjp" ? CustomVjp<F> : CustomJvp<F>;

const CUSTOM = { fun: func, nondiff_argnums: listOf(int).or([]), nondiff_argnames: only([]) } as const;
const readDefvjp = signature("jax.custom_vjp.defvjp", {
  fwd: func,
  bwd: func,
  symbolic_zeros: only(false),
  optimize_remat: only(false),
});

/** jax.custom_vjp: `const f = jax.custom_vjp(fun); f.defvjp(fwd, bwd)`. */
export const custom_vjp: Custom<"vjp"> = define("jax.custom_vjp", CUSTOM, ({ fun, nondiff_argnums }) => {
  let rule: { fwd: AnyFunction; bwd: AnyFunction } | undefined;
  const call = (...args: unknown[]): unknown =>
    treeScope("custom_vjp", () => {
      if (!rule) throw missing("custom_vjp", "defvjp");
      const { fwd, bwd } = rule;
      const { constants, primals, whole } = divided("custom_vjp", args, nondiff_argnums as readonly number[]);
      const inputs = new Parts(primals);
      const { outputs, rest } = customVjp(
        fun.name || "custom_vjp",
        inputs.tensors,
        (tensors) => {
          const result = fwd(...whole(inputs.with(tensors) as unknown[]));
          if (!Array.isArray(result) || result.length !== 2)
            throw new ArgumentError({
              op: "custom_vjp",
              argument: "fwd",
              expected: "[output, residuals] as result",
              given: show(result),
            });
          const [output, residuals] = [new Parts(withArrays(result[0])), new Parts(result[1])];
          return { outputs: output.tensors, residuals: residuals.tensors, rest: { output, residuals } };
        },
        (cotangents, saved) => {
          const { output, residuals } = rest;
          const dys = output.tensors.map(({ shape }, i) => cotangents[i] ?? zeros(shape));
          const given = bwd(...constants, residuals.with(saved), output.with(dys));
          return gradientLeaves("custom_vjp", given, primals);
        },
      );
      return rest.output.with(outputs);
    });
  const defvjp = (...args: unknown[]): void => {
    const { fwd, bwd } = readDefvjp(args);
    rule = { fwd, bwd };
  };
  return Object.assign(call, { defvjp });
}) as Custom<"vjp">;

/** A function with a derivative of its own. */
export interface CustomJvp<F extends AnyFunction> {
  (...args: Parameters<F>): ReturnType<F>;
  /** `jvp` takes the arguments at nondiff_argnums, the list of primals and that of tangents, and returns [output, tangent of the output]. */
  // biome-ignore lint/suspicious/noExplicitAny: trees of any structure.
  defjvp<J extends (...args: any[]) => unknown>(jvp: J, ...options: unknown[]): J;
  /** One function for each argument (null where there is no derivative): of tangent, output and all arguments to the tangent of the output. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  defjvps(...jvps: (((...args: any[]) => unknown) | null)[]): void;
}

const readDefjvp = signature("jax.custom_jvp.defjvp", { jvp: func, symbolic_zeros: only(false) });
const readDefjvps = signature("jax.custom_jvp.defjvps", { "*jvps": func.or(null) });

/** jax.custom_jvp: `const f = jax.custom_jvp(fun); f.defjvp((primals, tangents) => [output, tangent])`. */
export const custom_jvp: Custom<"jvp"> = define("jax.custom_jvp", CUSTOM, ({ fun, nondiff_argnums }) => {
  let rule: AnyFunction | undefined;
  const call = (...args: unknown[]): unknown =>
    treeScope("custom_jvp", () => {
      const derivative = rule;
      if (!derivative) throw missing("custom_jvp", "defjvp");
      const { constants, primals, whole } = divided("custom_jvp", args, nondiff_argnums as readonly number[]);
      const inputs = new Parts(primals);
      const { outputs, rest } = customJvp(
        fun.name || "custom_jvp",
        inputs.tensors,
        (tensors) => {
          const output = new Parts(withArrays(fun(...whole(inputs.with(tensors) as unknown[]))));
          return { outputs: output.tensors, rest: output };
        },
        (at, tangents) => {
          const result = derivative(...constants, inputs.with(at), inputs.with(tangents));
          if (!Array.isArray(result) || result.length !== 2)
            throw new ArgumentError({
              op: "custom_jvp",
              argument: "jvp",
              expected: "[output, tangent of the output] as result",
              given: show(result),
            });
          return new Parts(withArrays(result[1])).tensors;
        },
      );
      return rest.with(outputs);
    });
  const defjvp = <J extends AnyFunction>(...args: [jvp: J]): J => {
    const { jvp } = readDefjvp(args);
    rule = jvp;
    return jvp as J;
  };
  const defjvps = (...args: unknown[]): void => {
    const { jvps } = readDefjvps(args);
    rule = (primals: unknown[], tangents: JaxArray[]) => {
      const output = fun(...primals) as JaxArray;
      const parts = (jvps as unknown as (AnyFunction | null)[]).flatMap((one, i) =>
        one ? [one(tangents[i], output, ...primals) as JaxArray] : [],
      );
      const none = new JaxArray(zeros(output.shape));
      return [output, parts.reduce((sum, part) => sum.add(part), none)];
    };
  };
  return Object.assign(call, { defjvp, defjvps });
}) as Custom<"jvp">;

interface CheckpointNamed<F> {
  fun: F;
  prevent_cse: boolean;
  policy: Policy | null;
  static_argnums: readonly [];
  static_argnames: readonly [];
  concrete: "Deprecated";
}
/**
 * jax.checkpoint (jax.remat): the function, of whose intermediate results nothing is kept for gradients: the backward pass calls it again. Numbers and other
 * values that are not arrays are as they were.
 */
export const checkpoint: <F extends AnyFunction>(fun: F, options?: Keywords<Omit<CheckpointNamed<F>, "fun">>) => F =
  define(
    "jax.checkpoint",
    {
      fun: func,
      "*": null,
      prevent_cse: bool.or(true),
      policy: func.or(null),
      static_argnums: only([]),
      static_argnames: only([]),
    },
    ({ fun, policy }) => {
      if (!keepsNothing(policy)) return fun;
      return (...args: unknown[]) =>
        treeScope("checkpoint", () => {
          const inputs = new Parts(args);
          const { outputs, rest } = checkpointed(inputs.tensors, (tensors) => {
            const output = new Parts(fun(...(inputs.with(tensors) as unknown[])));
            return { outputs: output.tensors, rest: output };
          });
          return rest.with(outputs);
        });
    },
  ) as <F extends AnyFunction>(fun: F, options?: Keywords<Omit<CheckpointNamed<F>, "fun">>) => F;
export const remat = checkpoint;
