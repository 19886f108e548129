// torch.func.vmap: a function of one example, called for many at once.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { type Args, define, func, int, isKeywords, Kind, oneOf, show } from "@facet/dialect";
import { complain } from "../errors.js";
import { type Randomness, withRandomness } from "../random.js";
import { type AnyFunction, call } from "./transforms.js";
import { buildTree, onlyTensors, takeTree } from "./trees.js";

/** Along which dimension examples go: one for all tensors of a tree, null for none, or the upper part of the tree with these. */
export type Dims = number | null | readonly Dims[] | { readonly [key: string]: Dims };
const isDims = (value: unknown): boolean =>
  value === null ||
  Number.isInteger(value) ||
  (Array.isArray(value) && value.every(isDims)) ||
  (isKeywords(value) && Object.values(value).every(isDims));
const dims = new Kind<Dims>("a dimension, null, or lists of these", (value) => !isKeywords(value) && isDims(value));

interface VmapNamed {
  in_dims: Dims;
  out_dims: Dims;
  randomness: Randomness;
  chunk_size: number | null;
}
type Vmap = <F extends AnyFunction>(
  func: F,
  ...args: Args<[in_dims: Dims, out_dims: Dims, randomness: Randomness], VmapNamed>
) => (...args: Parameters<F>) => ReturnType<F>;

/** The dimension of every tensor of a tree. */
function spread(argument: string, given: unknown, template: core.Template): (number | undefined)[] {
  const refuse = (sentence: string): never =>
    complain(ArgumentError, sentence, {
      op: "vmap",
      argument,
      expected: "a dimension for each tensor, null, or the upper part of the tree with these",
      given: show(given),
    });
  if ("tensor" in template)
    return given === null || typeof given === "number"
      ? [given ?? undefined]
      : refuse(`vmap: Got incompatible ${argument} for a Tensor`);
  if ("list" in template) {
    if (Array.isArray(given) && given.length !== template.list.length)
      refuse(`vmap: ${argument} is not compatible with the structure of what it stands for`);
    return template.list.flatMap((part, i) => spread(argument, Array.isArray(given) ? given[i] : given, part));
  }
  if ("object" in template)
    return Object.entries(template.object).flatMap(([key, part]) =>
      spread(argument, isKeywords(given) ? (given[key] ?? null) : given, part),
    );
  if (given === null) return [];
  const { value } = template as { value: unknown };
  return refuse(
    `vmap: Got ${argument}=${show(given)} for an input but the input is of type ${typeof value}. We cannot vmap over non-Tensor arguments, please use None as the respective in_dim`,
  );
}

/**
 * A function of the same arguments with an axis of examples along `in_dims` (0), to results with one along `out_dims` (0). `randomness` says what
 * drawing at random does: "error", one draw for all ("same"), or one for each ("different"). All examples are computed at once, whatever `chunk_size`.
 */
export const vmap: Vmap = define(
  "torch.func.vmap",
  {
    func,
    in_dims: dims.or(0),
    out_dims: dims.or(0),
    randomness: oneOf("error", "different", "same").or("error"),
    "*": null,
    chunk_size: int.where("a positive integer", (value) => value > 0).or(null),
  },
  ({ func: fn, in_dims, out_dims, randomness }) =>
    (...args: unknown[]) => {
      if (args.length === 0)
        complain(
          ArgumentError,
          "vmap: got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs.",
          {
            ...{ op: "vmap", argument: "args", expected: "one argument or more", given: "none" },
          },
        );
      const tree = takeTree(args);
      const axes = spread("in_dims", in_dims, tree.template);
      if (axes.every((axis) => axis === undefined))
        complain(ArgumentError, "vmap: at least one input must be mapped over", {
          ...{ op: "vmap", argument: "in_dims", expected: "a dimension", given: show(in_dims) },
        });
      const { outputs, rest } = core.vmap([...tree.tensors], axes, (examples, count) => {
        const given = buildTree(tree.template, examples) as unknown[];
        const result = withRandomness({ randomness: randomness as Randomness, count }, () => call("vmap", fn, given));
        const out = onlyTensors("vmap", "output of func", result);
        return { outputs: out.tensors, axes: spread("out_dims", out_dims, out.template), rest: out.template };
      });
      return buildTree(rest, outputs);
    },
) as Vmap;
