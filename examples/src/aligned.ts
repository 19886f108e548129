// What the three programs share when `--align` makes them denote the same arithmetic: channels first, no shuffling, these
// weights, dropout of step n under fold_in(key(seed), n), and Adam with torch's epsilon of 1e-8.
import { foldIn, keyFromSeed, scope, uniform } from "@facet/autograd";

/** A weight on the host: float32, row-major. */
export interface Weight {
  shape: number[];
  data: Float32Array;
}

/** A weight matrix [rows, columns] as [columns, rows]. */
export function transposed({ shape, data }: Weight): Weight {
  const [rows, columns] = shape as [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column] as number;
  return { shape: [columns, rows], data: turned };
}

/** A filter [O, I, H, W] as [H, W, I, O], Keras' order. */
export function hwio({ shape, data }: Weight): Weight {
  const [o, i, h, w] = shape as [number, number, number, number];
  return { shape: [h, w, i, o], data: transposed(swapInner(data, o, i, h * w)).data };
}

/** [O, I, HW] as [O, HW * I]. */
function swapInner(data: Float32Array, o: number, i: number, hw: number): Weight {
  const turned = new Float32Array(data.length);
  for (let a = 0; a < o; a++)
    for (let b = 0; b < i; b++)
      for (let c = 0; c < hw; c++) turned[(a * hw + c) * i + b] = data[(a * i + b) * hw + c] as number;
  return { shape: [o, hw * i], data: turned };
}

/**
 * Initial weights of the CNN: conv1, conv2, dense, each filter then bias, in torch's shapes ([O, I, H, W], [out, in]; the
 * dense layer sees its input flattened channels first). U(+-1 / sqrt(fan_in)), weight i under fold_in(key(seed), i).
 * `padding`: zeros around the images of both convolutions.
 */
export async function alignedWeights(
  seed: number,
  channels: number,
  height: number,
  width: number,
  padding = 0,
): Promise<Weight[]> {
  const features = 64 * pooledTwice(height, padding) * pooledTwice(width, padding);
  const shapes = [[32, channels, 3, 3], [32], [64, 32, 3, 3], [64], [10, features], [10]];
  const fanIns = [9 * channels, 9 * channels, 9 * 32, 9 * 32, features, features];
  const tensors = shapes.map((shape, i) => {
    const limit = 1 / Math.sqrt(fanIns[i] as number);
    return scope(() => uniform(foldIn(keyFromSeed(seed), i), shape, -limit, limit));
  });
  const weights: Weight[] = [];
  for (const tensor of tensors) {
    weights.push({ shape: [...tensor.shape], data: Float32Array.from(await tensor.data()) });
    tensor.dispose();
  }
  return weights;
}

/** Extent after two convolutions of 3 x 3, each with a 2 x 2 pooling after it. */
function pooledTwice(extent: number, padding: number): number {
  const pooled = (before: number): number => Math.floor((before - 2 + 2 * padding) / 2);
  return pooled(pooled(extent));
}
