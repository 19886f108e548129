// The three CNNs whose layers and train steps the bench times, as data that every peer and torch_cuda.py build from.

/** Stride 1, square filter, `pad` on all sides. Every convolution and every dense layer but the last ends in relu. */
type LayerSpec = { conv: number; kernel: number; pad: number } | { pool: 2 } | { dense: number };

interface ModelSpec {
  /** Height, width, channels. */
  input: readonly [number, number, number];
  layers: readonly LayerSpec[];
}

/** Without their dropout: each library draws other random numbers, and answers are compared. */
const models = {
  // Keras' "Simple MNIST convnet", the CNN of the examples: 34 826 parameters.
  mnist_cnn: {
    input: [28, 28, 1],
    layers: [{ conv: 32, kernel: 3, pad: 0 }, { pool: 2 }, { conv: 64, kernel: 3, pad: 0 }, { pool: 2 }, { dense: 10 }],
  },
  // TensorFlow's "Deep MNIST for experts": 3 274 634 parameters.
  mnist_5x5: {
    input: [28, 28, 1],
    layers: [
      { conv: 32, kernel: 5, pad: 2 },
      { pool: 2 },
      { conv: 64, kernel: 5, pad: 2 },
      { pool: 2 },
      { dense: 1024 },
      { dense: 10 },
    ],
  },
  // The CIFAR-10 CNN that seven frameworks were compared on: 136 874 parameters.
  cifar10_cnn: {
    input: [32, 32, 3],
    layers: [
      { conv: 16, kernel: 3, pad: 1 },
      { pool: 2 },
      { conv: 32, kernel: 3, pad: 1 },
      { pool: 2 },
      { dense: 64 },
      { dense: 10 },
    ],
  },
  // Small enough for plain loops: only the tests use it.
  tiny: { input: [8, 8, 1], layers: [{ conv: 4, kernel: 3, pad: 0 }, { pool: 2 }, { dense: 6 }, { dense: 3 }] },
} satisfies Record<string, ModelSpec>;

export type ModelName = keyof typeof models;

/** A layer with its extents worked out. Images are [h, w, c]; a dense layer sees them flattened in that order. */
export type Layer =
  | { kind: "conv"; h: number; w: number; c: number; kernel: number; o: number; pad: number; relu: boolean }
  | { kind: "pool"; h: number; w: number; c: number }
  | {
      kind: "dense";
      inputs: number;
      outputs: number;
      relu: boolean;
      /** Image that was flattened into this layer, if one was: libraries with channels first need it. */
      image?: [number, number, number];
    };

export const convOut = (extent: number, kernel: number, pad: number): number => extent + 2 * pad - kernel + 1;

export function layersOf(name: ModelName): Layer[] {
  const { input, layers }: ModelSpec = models[name];
  let [h, w, c] = input;
  let flat = false;
  return layers.map((spec, i): Layer => {
    if ("conv" in spec) {
      const layer = { kind: "conv" as const, h, w, c, kernel: spec.kernel, o: spec.conv, pad: spec.pad, relu: true };
      [h, w, c] = [convOut(h, spec.kernel, spec.pad), convOut(w, spec.kernel, spec.pad), spec.conv];
      return layer;
    }
    if ("pool" in spec) {
      const layer = { kind: "pool" as const, h, w, c };
      [h, w] = [Math.floor(h / 2), Math.floor(w / 2)];
      return layer;
    }
    const layer: Layer = { kind: "dense", inputs: h * w * c, outputs: spec.dense, relu: i < layers.length - 1 };
    if (!flat) layer.image = [h, w, c];
    flat = true;
    [h, w, c] = [1, 1, spec.dense];
    return layer;
  });
}

export const inputOf = (name: ModelName): readonly [number, number, number] => (models[name] as ModelSpec).input;
export const classesOf = (name: ModelName): number => (layersOf(name).at(-1) as { outputs: number }).outputs;

/** Shapes of the weights, filter or matrix before bias: HWIO and [in, out]. */
export function weightShapes(name: ModelName): number[][] {
  return layersOf(name).flatMap((layer): number[][] => {
    if (layer.kind === "conv") return [[layer.kernel, layer.kernel, layer.c, layer.o], [layer.o]];
    return layer.kind === "dense" ? [[layer.inputs, layer.outputs], [layer.outputs]] : [];
  });
}

/** Multiplications and additions of one train step: each layer forward, by its weights and, but for the first, by its input. */
export function stepFlops(name: ModelName, batch: number): number {
  return layersOf(name).reduce((sum, layer, i) => {
    if (layer.kind === "pool") return sum;
    const once =
      layer.kind === "dense"
        ? 2 * batch * layer.inputs * layer.outputs
        : convFlops(batch, convOut(layer.h, layer.kernel, layer.pad), convOut(layer.w, layer.kernel, layer.pad), layer);
    return sum + once * (i === 0 ? 2 : 3);
  }, 0);
}

export const convFlops = (
  n: number,
  outH: number,
  outW: number,
  { kernel, c, o }: { kernel: number; c: number; o: number },
): number => 2 * n * outH * outW * kernel * kernel * c * o;
