// torch.func's matrices of derivatives.
import * as core from "@facet/autograd";
import { bool, define, func, int, oneOf, only } from "@facet/dialect";
import {
  type AnyFunction,
  type ArgNums,
  anyTracked,
  argnumsKind,
  choose,
  constants,
  differentiably,
  outputAndAux,
  recorded,
} from "./transforms.js";
import { onlyTensors } from "./trees.js";

type CoreJacobian = typeof core.jacrev;

/** A function of the same arguments to the tree of its outputs with, for each, the tree of derivatives by the chosen arguments. */
function jacobianOf(op: string, make: CoreJacobian, fn: AnyFunction, argnums: ArgNums, has_aux: boolean): AnyFunction {
  return (...args) =>
    recorded((outside) => {
      const chosen = choose(op, fn, argnums, args);
      const outputs = (result: unknown): readonly core.Tensor[] =>
        onlyTensors(op, "output of func", outputAndAux(op, result, has_aux)[0]).tensors;
      return differentiably(outside && anyTracked(chosen.tree), () => {
        const { result, jacobian } = make(chosen.tree.tensors, chosen.call, outputs);
        const [output, aux] = outputAndAux(op, result, has_aux);
        const { template } = onlyTensors(op, "output of func", output);
        const built = core.putTogether(template, (o) => chosen.shaped(jacobian[o] as readonly core.Tensor[]));
        return has_aux ? [built, constants(aux, core.isDifferentiating())] : built;
      });
    });
}

interface ReverseNamed {
  argnums?: ArgNums;
  has_aux?: boolean;
  chunk_size?: number | null;
}
type Reverse = (func: AnyFunction, argnums?: ArgNums | ReverseNamed, named?: ReverseNamed) => AnyFunction;

/** Derivatives of every output by every element of the arguments at `argnums` (0), by pulling back: of shape [...output, ...argument]. */
export const jacrev: Reverse = define(
  "torch.func.jacrev",
  {
    func,
    argnums: argnumsKind.or(0),
    "*": null,
    has_aux: bool.or(false),
    chunk_size: int.where("a positive integer", (value) => value > 0).or(null),
    _preallocate_and_copy: only(false),
  },
  ({ func: fn, argnums, has_aux }) => jacobianOf("jacrev", core.jacrev, fn, argnums as ArgNums, has_aux),
);

interface ForwardNamed {
  argnums?: ArgNums;
  has_aux?: boolean;
  randomness?: "error" | "different" | "same";
}
type Forward = (func: AnyFunction, argnums?: ArgNums | ForwardNamed, has_aux?: boolean | ForwardNamed) => AnyFunction;

/** The same by pushing forward. The function is called once, so that what it draws at random is the same for all columns. */
export const jacfwd: Forward = define(
  "torch.func.jacfwd",
  {
    func,
    argnums: argnumsKind.or(0),
    has_aux: bool.or(false),
    "*": null,
    randomness: oneOf("error", "different", "same").or("error"),
  },
  ({ func: fn, argnums, has_aux }) => jacobianOf("jacfwd", core.jacfwd, fn, argnums as ArgNums, has_aux),
);

type Hessian = (func: AnyFunction, argnums?: ArgNums | { argnums?: ArgNums }) => AnyFunction;

/** Second derivatives: jacfwd of jacrev. */
export const hessian: Hessian = define("torch.func.hessian", { func, argnums: argnumsKind.or(0) }, (given) => {
  const argnums = given.argnums as ArgNums;
  return jacobianOf(
    "jacfwd",
    core.jacfwd,
    jacobianOf("jacrev", core.jacrev, given.func, argnums, false),
    argnums,
    false,
  );
});
