import {
  ArgumentError,
  adopt,
  type FlatLayout,
  flatCopy,
  flatFull,
  flatLayout,
  flatView,
  flatWrite,
  flatZeros,
  type HoldsTensors,
  type Tensor,
  tensorsOf,
} from "@facet/autograd";
import { show } from "@facet/dialect";
import { JaxArray } from "../array.js";
import { filledWith } from "../numpy/creation.js";
import { flatten, type PyTreeDef, register, unflatten } from "./pytree.js";

const OWNER = "optimizer";

/** What trees laid out alike share. Frozen, so that its text is made once (util.ts). */
interface Structure {
  readonly layout: FlatLayout;
  readonly treedef: PyTreeDef;
}

/** A tree of float32 arrays side by side in one tensor, so that one dispatch updates all of them. Immutable once handed out. */
export class FlatTree implements HoldsTensors {
  readonly structure: Structure;
  readonly flat: Tensor;

  constructor(structure: Structure, flat: Tensor) {
    this.structure = structure;
    this.flat = flat;
  }

  get layout(): FlatLayout {
    return this.structure.layout;
  }
  get treedef(): PyTreeDef {
    return this.structure.treedef;
  }

  /** A copy of a tree's arrays. Throws ArgumentError on a tree without leaves, DtypeError on one that is not float32. */
  static from(tree: unknown, fn: string): FlatTree {
    const [leaves, treedef] = flatten(tree);
    const tensors = leaves.map((leaf) => tensorOf(fn, leaf));
    const layout = flatLayout(tensors, fn);
    const flat = adopt(flatZeros(layout, OWNER));
    flatWrite(flat, layout, tensors, fn);
    return new FlatTree(Object.freeze({ layout, treedef }), flat);
  }

  /** Zeros in the same shape. */
  zeros(): FlatTree {
    return this.full(0);
  }

  /** One number in the same shape. */
  full(value: number): FlatTree {
    return new FlatTree(this.structure, adopt(flatFull(this.layout, value, OWNER)));
  }

  copy(): FlatTree {
    return new FlatTree(this.structure, adopt(flatCopy(this.flat, OWNER)));
  }

  /** Another tree of the same structure and shapes, laid out likewise. Throws ArgumentError, naming both, on another one. */
  like(tree: unknown, fn: string, argument: string): FlatTree {
    const [leaves, treedef] = flatten(tree);
    if (!treedef.equals(this.treedef))
      throw new ArgumentError({
        op: fn,
        argument,
        expected: `the structure of the parameters, ${this.treedef}`,
        given: `${treedef}`,
      });
    const result = this.zeros();
    flatWrite(
      result.flat,
      this.layout,
      leaves.map((leaf) => tensorOf(fn, leaf)),
      fn,
    );
    return result;
  }

  /** The tree again; its arrays share this memory. */
  tree(): unknown {
    return unflatten(
      this.treedef,
      this.layout.shapes.map((_, i) => new JaxArray(adopt(flatView(this.flat, this.layout, i)))),
    );
  }

  *[tensorsOf](): Generator<Tensor> {
    yield this.flat;
  }
}

register(
  FlatTree,
  ({ flat, structure }) => [[new JaxArray(flat)], structure] as const,
  (structure, [flat]) => new FlatTree(structure, (flat as JaxArray).core),
);

function tensorOf(fn: string, leaf: unknown): Tensor {
  if (leaf instanceof JaxArray) return leaf.core;
  if (typeof leaf === "number") return filledWith(fn, [], leaf, null).core;
  throw new ArgumentError({ op: fn, argument: "tree", expected: "arrays as leaves", given: show(leaf) });
}
