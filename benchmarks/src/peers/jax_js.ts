import { type Layer, layersOf } from "../models.js";
import { networks } from "../networks.js";
import { ADAM_COMPARED, floats, inputSpec, integers, type Workload, weightSpecs } from "../workloads.js";
import { jaxJsNetworkOps } from "./jax_js_network.js";
import {
  denseRows,
  type Lacking,
  type Peer,
  type Prepared,
  toChannelsFirst,
  toChannelsLast,
  toHwio,
  toOihw,
} from "./peer.js";

type Jax = typeof import("@jax-js/jax");
type Array = import("@jax-js/jax").Array;

/** A call that makes arrays of arrays; jax-js frees what a call is given, so inputs go in as further references. */
type Call = () => Array;

/** jax-js on its WebGPU backend, every computation under `jit`. Images are NCHW there. `navigator.gpu` must be Dawn's. */
export class JaxJs implements Peer {
  readonly name = "jax-js";
  readonly #jax: Jax;

  private constructor(jax: Jax) {
    this.#jax = jax;
  }

  static async open(): Promise<JaxJs> {
    const jax = await import("@jax-js/jax");
    const devices = await jax.init("webgpu");
    if (!devices.includes("webgpu")) throw new Error(`init("webgpu") gave ${devices.join(", ")}`);
    jax.defaultDevice("webgpu");
    return new JaxJs(jax);
  }

  prepare(workload: Workload): Prepared | Lacking {
    const { numpy: np, nn } = this.#jax;
    const made: Array[] = [];
    const held = (values: Float32Array | Int32Array, shape: readonly number[]): Array => {
      const x = np.array(values).reshape([...shape]);
      made.push(x);
      return x;
    };
    const tensor = (name: string): Array => held(floats(workload, name), inputSpec(workload, name).shape);
    const nchw = (name: string): Array => {
      const [n, h, w, c] = inputSpec(workload, name).shape as [number, number, number, number];
      return held(toChannelsFirst(floats(workload, name), [n, h, w, c]), [n, c, h, w]);
    };
    const oihw = (name: string): Array => {
      const [h, w, i, o] = inputSpec(workload, name).shape as [number, number, number, number];
      return held(toOihw(floats(workload, name), [h, w, i, o]), [o, i, h, w]);
    };
    const prepared = (call: Call, convert = (answer: ArrayLike<number>): ArrayLike<number> => answer): Prepared => {
      let last: Array | undefined;
      return {
        run: () => {
          last?.dispose();
          last = call();
          // Work is lazy: asking for the buffer dispatches it, without waiting.
          last.ref.gpuBufferSync();
        },
        finish: () => this.#jax.getWebGPUDevice().queue.onSubmittedWorkDone(),
        read: async () => convert(await (last as Array).ref.data()),
        free: () => {
          last?.dispose();
          for (const x of made) x.dispose();
        },
      };
    };
    switch (workload.kind) {
      case "matmul": {
        const { transposeA, transposeB, n, m, k } = workload;
        const product = this.#jax.jit((a: Array, b: Array) =>
          np.matmul(transposeA ? np.transpose(a) : a, transposeB ? np.transpose(b) : b),
        );
        if (workload.data === "host") {
          const [a, b] = [floats(workload, "a"), floats(workload, "b")];
          let answer: ArrayLike<number> = [];
          return {
            run: async () => {
              answer = await product(np.array(a).reshape([m, k]), np.array(b).reshape([k, n])).data();
            },
            finish: async () => undefined,
            read: async () => answer,
            free: () => undefined,
          };
        }
        const [a, b] = [tensor("a"), tensor("b")];
        return prepared(() => product(a.ref, b.ref));
      }
      case "conv2d": {
        const { pass, n, h, w, c, kernel, o, pad } = workload;
        const conv = (x: Array, filter: Array): Array => this.#conv(x, filter, pad);
        if (pass === "forward") {
          const [x, filter, run] = [nchw("x"), oihw("w"), this.#jax.jit(conv)];
          const [outH, outW] = [h + 2 * pad - kernel + 1, w + 2 * pad - kernel + 1];
          return prepared(
            () => run(x.ref, filter.ref),
            (y) => toChannelsLast(y, [n, outH, outW, o]),
          );
        }
        const dy = nchw("dy");
        // Linear in what is differentiated, so that any value does; jit drops the forward pass.
        if (pass === "backward_input") {
          const filter = oihw("w");
          const run = this.#jax.jit((dy: Array, filter: Array) => {
            const [y, back] = this.#jax.vjp((x: Array) => conv(x, filter), [np.zeros([n, c, h, w])]);
            y.dispose();
            return back(dy)[0] as Array;
          });
          return prepared(
            () => run(dy.ref, filter.ref),
            (dx) => toChannelsLast(dx, [n, h, w, c]),
          );
        }
        const x = nchw("x");
        const run = this.#jax.jit((x: Array, dy: Array) => {
          const [y, back] = this.#jax.vjp((filter: Array) => conv(x, filter), [np.zeros([o, c, kernel, kernel])]);
          y.dispose();
          return back(dy)[0] as Array;
        });
        return prepared(
          () => run(x.ref, dy.ref),
          (dw) => toHwio(dw, [kernel, kernel, c, o]),
        );
      }
      case "max_pool2d": {
        const { pass, n, h, w, c } = workload;
        const x = nchw("x");
        if (pass === "forward") {
          const run = this.#jax.jit((x: Array) => this.#maxPool(x));
          return prepared(
            () => run(x.ref),
            (y) => toChannelsLast(y, [n, Math.floor(h / 2), Math.floor(w / 2), c]),
          );
        }
        const dy = nchw("dy");
        const run = this.#jax.jit((x: Array, dy: Array) => {
          const [y, back] = this.#jax.vjp((x: Array) => this.#maxPool(x), [x]);
          y.dispose();
          return back(dy)[0] as Array;
        });
        return prepared(
          () => run(x.ref, dy.ref),
          (dx) => toChannelsLast(dx, [n, h, w, c]),
        );
      }
      case "softmax_cross_entropy": {
        const logits = tensor("logits");
        const labels = held(integers(workload, "labels"), [workload.n]);
        const run = this.#jax.jit(this.#jax.grad((x: Array, y: Array) => this.#crossEntropy(x, y, workload.classes)));
        return prepared(() => run(logits.ref, labels.ref));
      }
      case "adam":
        return this.#adam(workload, prepared);
      case "relu": {
        const [a, run] = [tensor("a"), this.#jax.jit((x: Array) => nn.relu(x))];
        return prepared(() => run(a.ref));
      }
      case "add": {
        const [a, b, run] = [tensor("a"), tensor("b"), this.#jax.jit((x: Array, y: Array) => x.add(y))];
        return prepared(() => run(a.ref, b.ref));
      }
      case "train_step": {
        const [images, labels] = [nchw("images"), held(integers(workload, "labels"), [workload.batch])];
        const layers = layersOf(workload.model);
        return this.#trainStep(workload, images, labels, prepared, this.#weights(workload, layers), (weights, input) =>
          this.#forward(layers, weights, input),
        );
      }
      case "network_step": {
        const network = networks[workload.network];
        const { shape, classes } = inputSpec(workload, "input");
        const input = classes === undefined ? nchw("input") : held(integers(workload, "input"), shape);
        const labels = held(integers(workload, "labels"), inputSpec(workload, "labels").shape);
        const ops = jaxJsNetworkOps(this.#jax);
        return this.#trainStep(workload, input, labels, prepared, networkWeights(workload), (weights, given) =>
          network.forward(ops, weights, given),
        );
      }
    }
  }

  #conv(x: Array, filter: Array, pad: number): Array {
    return this.#jax.lax.convGeneralDilated(
      x,
      filter,
      [1, 1],
      [
        [pad, pad],
        [pad, pad],
      ],
    );
  }

  #maxPool(x: Array): Array {
    return this.#jax.lax.reduceWindow(x, (window) => this.#jax.numpy.max(window), [2, 2], [2, 2]);
  }

  #crossEntropy(logits: Array, labels: Array, classes: number): Array {
    const { numpy: np, nn } = this.#jax;
    const rows = logits.shape[0] as number;
    return np.sum(nn.logSoftmax(logits).mul(nn.oneHot(labels, classes))).mul(-1 / rows);
  }

  /** One Adam step on lists of arrays, for use under jit; `rates` holds 1 / bias1 times the learning rate, and 1 / bias2. */
  #adamUpdate(
    settings: { beta1: number; beta2: number; eps: number },
    { p, m, v }: AdamState,
    gradients: Array[],
    stepSize: Array,
    correction: Array,
  ): AdamState {
    const { numpy: np } = this.#jax;
    const { beta1, beta2, eps } = settings;
    const next: AdamState = { p: [], m: [], v: [] };
    for (const [i, g] of gradients.entries()) {
      const first = (m[i] as Array).mul(beta1).add(g.ref.mul(1 - beta1));
      const second = (v[i] as Array).mul(beta2).add(np.square(g).mul(1 - beta2));
      const scaled = np.sqrt(second.ref.mul(correction.ref)).add(eps);
      next.p.push((p[i] as Array).sub(first.ref.mul(stepSize.ref).div(scaled)));
      next.m.push(first);
      next.v.push(second);
    }
    stepSize.dispose();
    correction.dispose();
    return next;
  }

  #rates({ lr, beta1, beta2 }: { lr: number; beta1: number; beta2: number }, step: number): [Array, Array] {
    const { numpy: np } = this.#jax;
    return [np.array(lr / (1 - beta1 ** step)), np.array(1 / (1 - beta2 ** step))];
  }

  #zeroState(p: Array[]): AdamState {
    const { numpy: np } = this.#jax;
    const zeros = (): Array[] => p.map((x) => np.array(new Float32Array(x.size)).reshape(x.shape));
    return { p, m: zeros(), v: zeros() };
  }

  #adam(workload: Workload & { kind: "adam" }, prepared: (call: Call) => Prepared): Prepared {
    const { numpy: np } = this.#jax;
    const g = np.array(floats(workload, "g"));
    let state = this.#zeroState([np.array(floats(workload, "p"))]);
    let step = 0;
    const update = this.#jax.jit((state: AdamState, g: Array, stepSize: Array, correction: Array) =>
      this.#adamUpdate(workload, state, [g], stepSize, correction),
    );
    const call = prepared(() => {
      state = update(state, g.ref, ...this.#rates(workload, ++step)) as AdamState;
      return (state.p[0] as Array).ref;
    });
    return {
      ...call,
      read: async () => ((await call.read()) as Float32Array).slice(0, ADAM_COMPARED),
      free: () => {
        call.free();
        g.dispose();
        this.#jax.tree.dispose(state);
      },
    };
  }

  #trainStep(
    workload: Workload & { kind: "train_step" | "network_step" },
    images: Array,
    labels: Array,
    prepared: (call: Call) => Prepared,
    initial: readonly { values: Float32Array; shape: number[] }[],
    logitsOf: (weights: Array[], input: Array) => Array,
  ): Prepared {
    const { numpy: np } = this.#jax;
    const classes = inputSpec(workload, "labels").classes as number;
    let state = this.#zeroState(initial.map(({ values, shape }) => np.array(values).reshape(shape)));
    const loss = (weights: Array[], images: Array, labels: Array): Array =>
      this.#crossEntropy(logitsOf(weights, images).reshape([-1, classes]), labels.reshape([-1]), classes);
    const run = this.#jax.jit(
      (state: AdamState, images: Array, labels: Array, stepSize: Array, correction: Array): [Array, AdamState] => {
        const { p, m, v } = state;
        const references = p.map((x) => x.ref);
        const [value, gradients] = this.#jax.valueAndGrad(loss)(references, images, labels);
        return [value, this.#adamUpdate(workload, { p, m, v }, gradients as Array[], stepSize, correction)];
      },
    );
    let step = 0;
    const call = prepared(() => {
      const [value, next] = run(state, images.ref, labels.ref, ...this.#rates(workload, ++step)) as [Array, AdamState];
      state = next;
      for (const x of [...state.p, ...state.m, ...state.v]) x.ref.gpuBufferSync();
      return value;
    });
    return {
      ...call,
      free: () => {
        call.free();
        this.#jax.tree.dispose(state);
      },
    };
  }

  #weights(workload: Workload, layers: readonly Layer[]): { values: Float32Array; shape: number[] }[] {
    const specs = weightSpecs(workload);
    return layers
      .filter((layer) => layer.kind !== "pool")
      .flatMap((layer, i) => {
        const [weight, bias] = [
          specs[2 * i] as { name: string; shape: number[] },
          specs[2 * i + 1] as { name: string; shape: number[] },
        ];
        const values = floats(workload, weight.name);
        const own =
          layer.kind === "conv"
            ? { values: toOihw(values, weight.shape), shape: [3, 2, 0, 1].map((axis) => weight.shape[axis] as number) }
            : { values: layer.image ? denseRows(values, layer.image, layer.outputs) : values, shape: weight.shape };
        const biasShape = layer.kind === "conv" ? [layer.o, 1, 1] : bias.shape;
        return [own, { values: floats(workload, bias.name), shape: biasShape }];
      });
  }

  #forward(layers: readonly Layer[], weights: readonly Array[], images: Array): Array {
    const { numpy: np, nn } = this.#jax;
    let x = images;
    let next = 0;
    for (const layer of layers) {
      if (layer.kind === "pool") {
        x = this.#maxPool(x);
        continue;
      }
      const [weight, bias] = [weights[next++] as Array, weights[next++] as Array];
      if (layer.kind === "conv") x = this.#conv(x, weight, layer.pad).add(bias);
      else x = np.matmul(x.reshape([-1, layer.inputs]), weight).add(bias);
      if (layer.relu) x = nn.relu(x);
    }
    return x;
  }

  close(): void {}
}

type AdamState = { p: Array[]; m: Array[]; v: Array[] };

/** Weights of a network as jax-js has them: filters OIHW, those of channels beside images NCHW. */
function networkWeights(workload: Workload & { kind: "network_step" }): { values: Float32Array; shape: number[] }[] {
  return networks[workload.network].weights.map(({ role, shape }, i) => {
    const values = floats(workload, `weight${i}`);
    if (role === "filter")
      return { values: toOihw(values, shape), shape: [3, 2, 0, 1].map((axis) => shape[axis] as number) };
    return { values, shape: role === "channel" ? [...shape, 1, 1] : [...shape] };
  });
}
