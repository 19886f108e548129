// Rows of tables by index, in bags and turned by their positions.
import * as F from "@facet/autograd";
import { FLAT, type GradientRow } from "./row.js";

const index = (): F.Tensor => F.fromData([3, 0, 3, 2, 1, 3], [6], "int32");
const offsets = (): F.Tensor => F.fromData([0, 2, 2], [3], "int32");
const linear = { eps: 0.5, once: FLAT } as const;

export const embeddingRows: readonly GradientRow[] = [
  { op: "embedding", shapes: [[4, 3]], call: (w) => F.embedding(w, index()), ...linear },
  { op: "embedding_bag", variant: "sum", shapes: [[4, 3]], call: bag({ mode: "sum", offsets: true }), ...linear },
  {
    op: "embedding_bag",
    variant: "mean, padding",
    shapes: [[4, 3]],
    call: bag({ paddingIndex: 3, offsets: true }),
    ...linear,
  },
  {
    op: "embedding_bag",
    variant: "maximum",
    shapes: [[4, 3]],
    values: (random, shape) => random.distinct(shape),
    call: bag({ mode: "max", offsets: true }),
    once: FLAT,
  },
  {
    op: "embedding_bag",
    variant: "factors",
    shapes: [[4, 2], [6]],
    call: bag({ mode: "sum", offsets: true }),
    eps: 0.5,
  },
  {
    op: "embedding_bag",
    variant: "factors, bags of 3, padding",
    shapes: [
      [4, 2],
      [2, 3],
    ],
    call: bag({ mode: "sum", paddingIndex: 3 }),
    eps: 0.5,
  },
  ...[false, true].map(
    (adjacent): GradientRow => ({
      op: "rotary",
      variant: adjacent ? "neighbours" : "halves",
      shapes: [
        [2, 3, 2, 5],
        [3, 2],
        [3, 2],
      ],
      call: (x, cos, sin) => F.rotary(x, { cos: cos as F.Tensor, sin: sin as F.Tensor }, { axis: 1, adjacent }),
      eps: 0.5,
    }),
  ),
  {
    op: "rotary",
    variant: "tables of each example",
    shapes: [
      [2, 3, 4],
      [2, 3, 2],
      [2, 3, 2],
    ],
    call: (x, cos, sin) => F.rotary(x, { cos: cos as F.Tensor, sin: sin as F.Tensor }),
    eps: 0.5,
  },
];

function bag({ offsets: has = false, ...options }: { mode?: "sum" | "max"; paddingIndex?: number; offsets?: boolean }) {
  return (w: F.Tensor, sampleWeights?: F.Tensor): F.Tensor =>
    F.embeddingBag(w, has ? index() : F.reshape(index(), [2, 3]), {
      ...options,
      sampleWeights,
      offsets: has ? offsets() : undefined,
    });
}
