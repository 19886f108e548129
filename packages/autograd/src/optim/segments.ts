import { blockShift, type SegmentTerm, segmentConstants, segmentRanges, segmentSums } from "@facet/kernels-wgsl";
import { outsideCapture } from "../capture/trace.js";
import { launch } from "../define_op.js";
import { device } from "../engine.js";
import { unscoped } from "../scope.js";
import { empty, fromData, type Tensor } from "../tensor.js";
import type { FlatLayout } from "./flat.js";

/** A tensor that outlives scopes and captures. */
const lasting = (words: Uint32Array): Tensor =>
  outsideCapture(() => unscoped(() => fromData(words, [words.length], "uint32")));

/** The tensors of a flat layout, as what is computed of each by itself sees them. */
export class Segments {
  readonly #layout: FlatLayout;
  readonly #passes: readonly { ranges: Tensor; params: ReturnType<typeof segmentRanges>[number]["params"] }[];
  /** Which tensor each block of elements belongs to, gaps to the one before them. */
  readonly blocks: Tensor;
  /** A block has 2^shift elements. */
  readonly shift: number;

  constructor(layout: FlatLayout) {
    this.#layout = layout;
    const block = Math.max(4, device().offsetAlignment / 4);
    this.shift = blockShift(block);
    const blocks = new Uint32Array(Math.ceil(layout.size / block));
    for (const i of layout.order) blocks.fill(i, (layout.starts[i] as number) / block);
    this.blocks = lasting(blocks);
    this.#passes = segmentRanges(layout.starts, layout.sizes).map(({ ranges, params }) => ({
      ranges: lasting(ranges),
      params,
    }));
  }

  /** The sum over each tensor of a flat one, [tensors]. In the current scope. */
  sums(flat: Tensor, term: SegmentTerm): Tensor {
    let x = flat;
    for (const [i, { ranges, params }] of this.#passes.entries()) {
      const y = empty([params.segments]);
      launch(segmentSums, { x, ranges, y }, params, segmentConstants(i === 0 ? term : "value"));
      if (x !== flat) x.dispose();
      x = y;
    }
    return x;
  }

  get count(): number {
    return this.#layout.starts.length;
  }

  dispose(): void {
    this.blocks.dispose();
    for (const { ranges } of this.#passes) ranges.dispose();
  }
}
