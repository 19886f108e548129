import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { pythonRepr } from "../python.js";
import { type Args, only, required, signature } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";
import { channelsFirst } from "./layout.js";

/** A picture of bytes in [height, width, channels] order: what a data set gives without a transform. */
export class Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;

  constructor(data: Uint8Array, height: number, width: number, channels: number) {
    if (data.length !== height * width * channels)
      throw new core.ShapeError({
        op: "Image",
        argument: "data",
        expected: `${height * width * channels} bytes`,
        given: `${data.length}`,
      });
    this.data = data;
    this.height = height;
    this.width = width;
    this.channels = channels;
  }
}

/** What a transform may be: a function, or one of the classes here, which are called like functions. */
// biome-ignore lint/suspicious/noExplicitAny: transforms lead from images to tensors to whatever follows.
export type TransformFunction = (input: any) => any;

/** A transform is called: `transform(image)`. */
export interface Transform<I, O> {
  (input: I): O;
  /** The same on a batch of float images [N, C, H, W]. */
  batch?(images: Tensor): Tensor;
}

/** Base of the transforms: an object that is a function. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export abstract class Transform<I, O> {
  constructor() {
    const call = (input: I): O => (call as unknown as this).forward(input);
    Object.setPrototypeOf(call, new.target.prototype);
    // biome-ignore lint/correctness/noConstructorReturn: only a function can be called.
    return call as unknown as this;
  }

  abstract forward(input: I): O;

  abstract toString(): string;

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** An image of bytes as float32 [channels, height, width] in [0, 1]. */
export class ToTensor extends Transform<Image, Tensor> {
  forward(image: Image): Tensor {
    if (!(image instanceof Image)) {
      const given = (image as unknown) instanceof Tensor ? "a Tensor" : typeof image;
      complain(core.ArgumentError, `pic should be an Image. Got ${given}`, {
        op: "ToTensor",
        argument: "pic",
        expected: "an Image",
        given,
      });
    }
    const { height, width, channels } = image;
    return core.scope(() =>
      wrap(
        core.u8ToF32(
          core.fromData(channelsFirst(image.data, 1, height * width, channels), [channels, height, width], "uint8"),
        ),
      ),
    );
  }
  toString(): string {
    return "ToTensor()";
  }
}

interface NormalizeArguments {
  mean: number | readonly number[];
  std: number | readonly number[];
}
const readNormalize = signature<NormalizeArguments>("Normalize", {
  mean: required,
  std: required,
  inplace: only(false),
});

/** (x - mean) / std, one mean and std for each channel of [..., C, H, W]. */
export class Normalize extends Transform<Tensor, Tensor> {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  #constants: { mean: core.Tensor; std: core.Tensor } | undefined;

  constructor(...args: Args<[mean: number | readonly number[], std: number | readonly number[]], NormalizeArguments>) {
    super();
    const { mean, std } = readNormalize(args);
    this.mean = typeof mean === "number" ? [mean] : mean;
    this.std = typeof std === "number" ? [std] : std;
    if (this.std.some((value) => value === 0))
      complain(core.ArgumentError, "std evaluated to zero, leading to division by zero.", {
        op: "Normalize",
        argument: "std",
        expected: "numbers other than 0",
        given: pythonRepr(this.std),
      });
  }

  forward(x: Tensor): Tensor {
    const channels = x.shape.at(-3);
    for (const list of [this.mean, this.std]) {
      if (list.length !== 1 && list.length !== channels)
        throw new core.ShapeError({
          op: "Normalize",
          argument: "mean",
          expected: `1 or ${channels} numbers for an image with as many channels`,
          given: `${list.length}`,
        });
    }
    const column = (values: readonly number[]): core.Tensor =>
      core.unscoped(() => core.fromData(values, [values.length, 1, 1]));
    this.#constants ??= { mean: column(this.mean), std: column(this.std) };
    const { mean, std } = this.#constants;
    return core.scope(() => wrap(core.div(core.sub(x.core, mean), std)));
  }
  override batch(images: Tensor): Tensor {
    return this.forward(images);
  }
  toString(): string {
    return `Normalize(mean=${pythonRepr(this.mean)}, std=${pythonRepr(this.std)})`;
  }
}

/** A function as a transform. Such a step sees one sample at a time. */
export class Lambda<I, O> extends Transform<I, O> {
  readonly lambd: (input: I) => O;
  constructor(lambd: (input: I) => O) {
    super();
    if (typeof lambd !== "function")
      complain(core.ArgumentError, `Argument lambd should be callable, got ${typeof lambd}`, {
        op: "Lambda",
        argument: "lambd",
        expected: "a function",
        given: typeof lambd,
      });
    this.lambd = lambd;
  }
  forward(input: I): O {
    return this.lambd(input);
  }
  toString(): string {
    return "Lambda()";
  }
}

/** Transforms one after the other. */
export class Compose extends Transform<unknown, unknown> {
  readonly transforms: readonly TransformFunction[];
  constructor(transforms: readonly TransformFunction[]) {
    super();
    this.transforms = transforms;
  }
  forward(input: unknown): unknown {
    return this.transforms.reduce((value, transform) => transform(value), input);
  }
  toString(): string {
    return `Compose(\n${this.transforms.map((transform) => `    ${pythonRepr(transform)}\n`).join("")})`;
  }
}
