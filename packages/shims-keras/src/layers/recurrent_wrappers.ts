// Layers around others that go over steps: in both directions, and a layer for every step.
import { ArgumentError, add, concat, div, flip, mul, reshape, sliceAlong, stack } from "@facet/autograd";
import { oneOf } from "@facet/dialect";
import { array } from "../kinds.js";
import type { HostArray } from "../ndarray.js";
import type { Spec } from "../operation.js";
import { asTensor, type KerasTensor, type Shape, Tensor, type TensorLike } from "../tensor.js";
import { type CallContext, type LayerInput, withTraining } from "./arguments.js";
import { layerKind } from "./core.js";
import { layerClass, layerOf } from "./define.js";
import { listed } from "./inputs.js";
import type { Layer } from "./layer.js";
import type { Masks } from "./masks.js";
import { type RNN, recurrentCall, resetSignatures } from "./recurrent.js";
import { serializedLayer } from "./serialization.js";

type Recurrent = RNN & Layer;

/** A layer of the same configuration, under another name. */
function again(layer: Layer, prefix: string, more: Record<string, unknown> = {}): Recurrent {
  const plain = layer.name.startsWith(prefix) ? layer.name.slice(prefix.length) : layer.name;
  const config = { ...layer.get_config(), ...more, name: `${prefix}${plain}` };
  return (layer.constructor as typeof Layer).from_config(config as never) as unknown as Recurrent;
}

const readReset = resetSignatures("Bidirectional");
const bidirectionalRules = {
  layer: layerKind,
  merge_mode: oneOf("sum", "mul", "ave", "concat").orNone.or("concat" as "sum" | "mul" | "ave" | "concat" | null),
  weights: array.or(null),
  backward_layer: layerKind.or(null),
} as const;

/**
 * A recurrent layer, and one like it that begins with the last step; `merge_mode` says how their outputs become one, null keeps both.
 * Both are made of the given layer's configuration.
 */
class BidirectionalLayer extends layerOf("Bidirectional", bidirectionalRules, ["layer", "merge_mode"], {
  call: recurrentCall,
  first: "sequences",
  masks: true,
  normal: ({ layer, backward_layer, weights }, op) => {
    if (!("return_sequences" in layer && "go_backwards" in layer))
      throw new ArgumentError({ op, argument: "layer", expected: "a recurrent layer", given: layer.className });
    const forward_layer = again(layer, "forward_");
    const backward = (backward_layer ?? again(layer, "backward_", { go_backwards: true })) as Recurrent;
    if (forward_layer.go_backwards === backward.go_backwards) {
      const expected = "a layer that goes over the steps the other way";
      throw new ArgumentError({ op, argument: "backward_layer", expected, given: "one that goes the same way" });
    }
    for (const name of ["stateful", "return_sequences", "return_state"] as const)
      if (forward_layer[name] !== backward[name]) {
        const expected = `a layer with ${name} ${forward_layer[name]}, as the forward layer`;
        throw new ArgumentError({ op, argument: "backward_layer", expected, given: `${backward[name]}` });
      }
    for (const each of [forward_layer, backward]) each.zero_output_for_mask = each.return_sequences;
    return { layer: forward_layer, backward_layer: backward, first_weights: weights as readonly HostArray[] | null };
  },
}) {
  get forward_layer(): Recurrent {
    return this.layer as Recurrent;
  }

  get return_sequences(): boolean {
    return this.forward_layer.return_sequences;
  }

  get return_state(): boolean {
    return this.forward_layer.return_state;
  }

  override build(shape: Shape): void {
    for (const each of [this.forward_layer, this.backward_layer]) each.ensureBuilt(shape);
    const given = this.first_weights;
    if (!given) return;
    const half = given.length / 2;
    this.forward_layer.set_weights(given.slice(0, half));
    this.backward_layer.set_weights(given.slice(half));
  }

  protected override configuration(): Record<string, unknown> {
    const { merge_mode } = this;
    return { merge_mode, layer: serializedLayer(this.layer), backward_layer: serializedLayer(this.backward_layer) };
  }

  /** Sets the states that stateful layers keep to zeros. */
  reset_state(...args: []): void {
    readReset.state(args);
    this.forward_layer.reset_state();
    this.backward_layer.reset_state();
  }

  reset_states(...args: []): void {
    readReset.states(args);
    this.reset_state();
  }

  #shapes(shape: Shape): Shape[] {
    const made = this.forward_layer.compute_output_shape(shape) as Shape | Shape[];
    const [own, ...states] = (this.return_state ? made : [made]) as [Shape, ...Shape[]];
    const both = [...states, ...states];
    if (this.merge_mode === null) return [own, own, ...both];
    const width = own.at(-1) as number;
    return [this.merge_mode === "concat" ? [...own.slice(0, -1), 2 * width] : own, ...both];
  }

  override compute_output_shape(shape: Shape): Shape {
    const shapes = this.#shapes(shape);
    return (shapes.length === 1 ? shapes[0] : shapes) as Shape;
  }

  protected override specs(
    _args: readonly unknown[],
    _keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    _first: KerasTensor,
  ): readonly Spec[] {
    return this.#shapes(shapes as Shape).map((shape) => ({ shape, dtype: "float32" }));
  }

  override compute_mask(_: unknown, masks: Masks): Masks {
    const own = this.return_sequences ? ([masks].flat()[0] as Tensor | null) : null;
    return this.merge_mode === null ? [own, own] : own;
  }

  override call(x: Tensor, { initial_state = null, mask = null, training }: CallContext): LayerInput<Tensor> {
    const states = initial_state === null ? null : ([initial_state].flat() as Tensor[]);
    const half = (states?.length ?? 0) / 2;
    const run = (layer: Recurrent, own: Tensor[] | null = null): readonly Tensor[] =>
      listed(layer.run([x], training, { mask, initial_state: own }));
    const [y, ...after] = run(this.forward_layer, states?.slice(0, half)) as [Tensor, ...Tensor[]];
    const [backward, ...afterToo] = run(this.backward_layer as Recurrent, states?.slice(half)) as [Tensor, ...Tensor[]];
    const z = this.return_sequences ? new Tensor(flip(backward.core, [1])) : backward;
    const merged = this.#merged(y, z);
    return this.return_state || merged.length > 1 ? [...merged, ...after, ...afterToo] : (merged[0] as Tensor);
  }

  #merged({ core: y }: Tensor, { core: z }: Tensor): Tensor[] {
    switch (this.merge_mode) {
      case "concat":
        return [new Tensor(concat([y, z], -1))];
      case "sum":
        return [new Tensor(add(y, z))];
      case "ave":
        return [new Tensor(div(add(y, z), 2))];
      case "mul":
        return [new Tensor(mul(y, z))];
      default:
        return [new Tensor(y), new Tensor(z)];
    }
  }
}

/** A layer on every step of [n, steps, ...]. */
class TimeDistributedLayer extends layerOf("TimeDistributed", { layer: layerKind }, ["layer"], {
  call: { ...withTraining, mask: array.or(null) },
  masks: true,
}) {
  #stepShape(shape: Shape): Shape {
    this.expectRank(shape, 3, true);
    return [shape[0] ?? null, ...shape.slice(2)];
  }

  override build(shape: Shape): void {
    this.layer.ensureBuilt(this.#stepShape(shape));
  }

  override compute_output_shape(shape: Shape): Shape {
    const [batch, ...rest] = this.layer.compute_output_shape(this.#stepShape(shape));
    return [batch ?? null, shape[1] ?? null, ...rest];
  }

  override call(x: Tensor, { training, mask = null }: CallContext): Tensor {
    const [n, steps, ...rest] = x.shape as [number, number, ...number[]];
    const given = mask === null ? undefined : asTensor(mask as TensorLike);
    if (given && `${given.shape.slice(0, 2)}` !== `${[n, steps]}`) {
      const expected = `a mask of ${n} examples of ${steps} steps`;
      throw new ArgumentError({ op: this.className, argument: "mask", expected, given: `${given.shape}` });
    }
    const takesMask = (this.layer.constructor as typeof Layer).callReader?.signature.parameters.some(
      ({ name }) => name === "mask",
    );
    const run = (core: Tensor["core"], own: Tensor["core"] | undefined): Tensor => {
      const keywords = takesMask && own ? { mask: new Tensor(own) } : {};
      return this.layer.run([new Tensor(core)], training, keywords) as Tensor;
    };
    // What a layer keeps from call to call it keeps from step to step; all others see the steps as more examples.
    if (this.layer.non_trainable_weights.length === 0) {
      const y = run(
        reshape(x.core, [n * steps, ...rest]),
        given && reshape(given.core, [n * steps, ...given.shape.slice(2)]),
      );
      return new Tensor(reshape(y.core, [n, steps, ...y.shape.slice(1)]));
    }
    const at = (core: Tensor["core"], t: number) => reshape(sliceAlong(core, 1, t, t + 1), [n, ...core.shape.slice(2)]);
    const all = Array.from({ length: steps }, (_, t) => run(at(x.core, t), given && at(given.core, t)).core);
    return new Tensor(stack(all, 1));
  }
}

export const Bidirectional = /* @__PURE__ */ layerClass(BidirectionalLayer);
export type Bidirectional = BidirectionalLayer;
export const TimeDistributed = /* @__PURE__ */ layerClass(TimeDistributedLayer);
export type TimeDistributed = TimeDistributedLayer;
