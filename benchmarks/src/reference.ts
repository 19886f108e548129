// Plain loops in f64 over every workload: what Facet's answers, and through them the peers', are held against in the tests.
import { convOut, layersOf } from "./models.js";
import { type ConvExtents, inputValues, type Workload, weightSpecs } from "./workloads.js";

type Values = ArrayLike<number>;

/** A convolution's taps: calls `visit` with places in x, w and y (or dy) for every product that it sums. */
function forEachTap(
  { n, h, w, c, kernel, o, pad }: ConvExtents,
  visit: (x: number, filter: number, y: number) => void,
): void {
  const [outH, outW] = [convOut(h, kernel, pad), convOut(w, kernel, pad)];
  for (let image = 0; image < n; image++)
    for (let i = 0; i < outH; i++)
      for (let j = 0; j < outW; j++)
        for (let ky = 0; ky < kernel; ky++)
          for (let kx = 0; kx < kernel; kx++) {
            const [row, column] = [i + ky - pad, j + kx - pad];
            if (row < 0 || row >= h || column < 0 || column >= w) continue;
            for (let k = 0; k < c; k++)
              for (let channel = 0; channel < o; channel++)
                visit(
                  ((image * h + row) * w + column) * c + k,
                  ((ky * kernel + kx) * c + k) * o + channel,
                  ((image * outH + i) * outW + j) * o + channel,
                );
          }
}

const conv = (x: Values, filter: Values, extents: ConvExtents): Float64Array<ArrayBuffer> => {
  const { n, h, w, kernel, o, pad } = extents;
  const y = new Float64Array(n * convOut(h, kernel, pad) * convOut(w, kernel, pad) * o);
  forEachTap(extents, (a, b, at) => {
    y[at] = (y[at] as number) + (x[a] as number) * (filter[b] as number);
  });
  return y;
};

const convBackwardInput = (dy: Values, filter: Values, extents: ConvExtents): Float64Array<ArrayBuffer> => {
  const dx = new Float64Array(extents.n * extents.h * extents.w * extents.c);
  forEachTap(extents, (at, b, y) => {
    dx[at] = (dx[at] as number) + (dy[y] as number) * (filter[b] as number);
  });
  return dx;
};

const convBackwardFilter = (x: Values, dy: Values, extents: ConvExtents): Float64Array<ArrayBuffer> => {
  const dw = new Float64Array(extents.kernel ** 2 * extents.c * extents.o);
  forEachTap(extents, (a, at, y) => {
    dw[at] = (dw[at] as number) + (x[a] as number) * (dy[y] as number);
  });
  return dw;
};

interface ImageExtents {
  n: number;
  h: number;
  w: number;
  c: number;
}

/** Place of each window's first maximum. */
function maxima(x: Values, { n, h, w, c }: ImageExtents): Int32Array {
  const [outH, outW] = [Math.floor(h / 2), Math.floor(w / 2)];
  const places = new Int32Array(n * outH * outW * c);
  let at = 0;
  for (let image = 0; image < n; image++)
    for (let i = 0; i < outH; i++)
      for (let j = 0; j < outW; j++)
        for (let k = 0; k < c; k++) {
          let best = -1;
          for (const [di, dj] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ] as const) {
            const place = ((image * h + 2 * i + di) * w + 2 * j + dj) * c + k;
            if (best < 0 || (x[place] as number) > (x[best] as number)) best = place;
          }
          places[at++] = best;
        }
  return places;
}

function matmul(a: Values, b: Values, m: number, k: number, n: number, transposeA = false, transposeB = false) {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let l = 0; l < k; l++)
        y[i * n + j] =
          (y[i * n + j] as number) +
          (a[transposeA ? l * m + i : i * k + l] as number) * (b[transposeB ? j * k + l : l * n + j] as number);
  return y;
}

/** Mean cross entropy and its gradient by the logits. */
function crossEntropy(logits: Values, labels: Values, n: number, classes: number) {
  let loss = 0;
  const gradient = new Float64Array(n * classes);
  for (let row = 0; row < n; row++) {
    const own = Array.from({ length: classes }, (_, i) => logits[row * classes + i] as number);
    const sum = own.reduce((total, value) => total + Math.exp(value), 0);
    const label = labels[row] as number;
    loss -= ((own[label] as number) - Math.log(sum)) / n;
    for (const [i, value] of own.entries())
      gradient[row * classes + i] = (Math.exp(value) / sum - (i === label ? 1 : 0)) / n;
  }
  return { loss, gradient };
}

interface AdamSettings {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
}

class Adam {
  readonly #settings: AdamSettings;
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  #step = 0;

  constructor(settings: AdamSettings, count: number) {
    this.#settings = settings;
    this.#m = new Float64Array(count);
    this.#v = new Float64Array(count);
  }

  update(p: Float64Array, gradient: Values): void {
    const { lr, beta1, beta2, eps } = this.#settings;
    this.#step += 1;
    for (let i = 0; i < p.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (this.#m[i] as number) + (1 - beta1) * g;
      const v = beta2 * (this.#v[i] as number) + (1 - beta2) * g * g;
      this.#m[i] = m;
      this.#v[i] = v;
      const scaled = Math.sqrt(v / (1 - beta2 ** this.#step)) + eps;
      p[i] = (p[i] as number) - (lr * m) / (1 - beta1 ** this.#step) / scaled;
    }
  }
}

/** The workload's answer after its number of calls. */
export function referenceAnswer(workload: Workload): ArrayLike<number> {
  const input = (name: string): Values =>
    inputValues(workload.inputs.find((spec) => spec.name === name) as Workload["inputs"][number]);
  switch (workload.kind) {
    case "matmul": {
      const { m, k, n, transposeA, transposeB } = workload;
      return matmul(input("a"), input("b"), m, k, n, transposeA, transposeB);
    }
    case "conv2d":
      if (workload.pass === "forward") return conv(input("x"), input("w"), workload);
      if (workload.pass === "backward_input") return convBackwardInput(input("dy"), input("w"), workload);
      return convBackwardFilter(input("x"), input("dy"), workload);
    case "max_pool2d": {
      const x = input("x");
      const places = maxima(x, workload);
      if (workload.pass === "forward") return Float64Array.from(places, (place) => x[place] as number);
      return scattered(input("dy"), places, x.length);
    }
    case "softmax_cross_entropy":
      return crossEntropy(input("logits"), input("labels"), workload.n, workload.classes).gradient;
    case "adam": {
      const p = Float64Array.from(input("p"));
      const adam = new Adam(workload, p.length);
      for (let call = 0; call < workload.calls; call++) adam.update(p, input("g"));
      return p;
    }
    case "relu":
      return Array.from(input("a"), (value) => Math.max(0, value));
    case "add": {
      const b = input("b");
      return Array.from(input("a"), (value, i) => Math.fround(value + (b[i] as number)));
    }
    case "network_step":
      throw new RangeError(`${workload.name}: its answers are held against PyTorch's, not against loops`);
    case "train_step":
      return [lastLoss(workload, input("images"), input("labels"))];
  }
}

function scattered(dy: Values, places: Int32Array, count: number): Float64Array<ArrayBuffer> {
  const dx = new Float64Array(count);
  for (const [i, place] of places.entries()) dx[place] = dy[i] as number;
  return dx;
}

/** Loss of the workload's last step: each step goes forward, back and through Adam. */
function lastLoss(workload: Workload & { kind: "train_step" }, images: Values, labels: Values): number {
  const { batch: n, model, calls } = workload;
  const layers = layersOf(model);
  const weights = weightSpecs(workload).map((spec) => Float64Array.from(inputValues(spec) as Values));
  const optimizers = weights.map(({ length }) => new Adam(workload, length));
  let last = Number.NaN;
  for (let call = 0; call < calls; call++) {
    let x: Values = images;
    let next = 0;
    // Each entry takes the gradient of a layer's result to that of its input, and notes those of its weights.
    const back: ((dy: Float64Array<ArrayBuffer>) => Float64Array<ArrayBuffer>)[] = [];
    const gradients: Values[] = [];
    for (const layer of layers) {
      const input = x;
      if (layer.kind === "pool") {
        const places = maxima(input, { ...layer, n });
        x = Float64Array.from(places, (place) => input[place] as number);
        back.push((dy) => scattered(dy, places, input.length));
        continue;
      }
      const at = next;
      next += 2;
      const [weight, bias] = [weights[at] as Float64Array, weights[at + 1] as Float64Array];
      const width = bias.length;
      const product =
        layer.kind === "conv"
          ? conv(input, weight, { ...layer, n })
          : matmul(input, weight, n, layer.inputs, layer.outputs);
      const y = product.map((value, i) => {
        const sum = value + (bias[i % width] as number);
        return layer.relu ? Math.max(0, sum) : sum;
      });
      x = y;
      back.push((dy) => {
        const dz = layer.relu ? dy.map((value, i) => ((y[i] as number) > 0 ? value : 0)) : dy;
        const biasGradient = new Float64Array(width);
        for (const [i, value] of dz.entries()) biasGradient[i % width] = (biasGradient[i % width] as number) + value;
        gradients[at + 1] = biasGradient;
        if (layer.kind === "conv") {
          gradients[at] = convBackwardFilter(input, dz, { ...layer, n });
          return convBackwardInput(dz, weight, { ...layer, n });
        }
        gradients[at] = matmul(input, dz, layer.inputs, n, layer.outputs, true);
        return matmul(dz, weight, n, layer.outputs, layer.inputs, false, true);
      });
    }
    const classes = x.length / n;
    const { loss, gradient } = crossEntropy(x, labels, n, classes);
    last = loss;
    back.reduceRight((dy, step) => step(dy), gradient);
    for (const [i, weight] of weights.entries()) (optimizers[i] as Adam).update(weight, gradients[i] as Values);
  }
  return last;
}
