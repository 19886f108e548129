import * as core from "@facet/autograd";
import { type Args, func, int, type Keywords, Kind, listOf, number, only, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { anything, tensor } from "../kinds.js";
import { pythonRepr } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { channelsFirst } from "./layout.js";

const readImage = signature("torchvision.transforms.Image", {
  data: new Kind<Uint8Array>("a Uint8Array", (value) => value instanceof Uint8Array),
  height: int,
  width: int,
  channels: int,
});
const readers = {
  transform: signature("torchvision.transforms.Transform", {}),
  toTensor: signature("torchvision.transforms.ToTensor", {}),
  pic: signature("torchvision.transforms.ToTensor.forward", { pic: anything("pic") }),
  normalize: signature("torchvision.transforms.Normalize", {
    mean: number.either(listOf(number)),
    std: number.either(listOf(number)),
    inplace: only(false),
  }),
  normalized: signature("torchvision.transforms.Normalize.forward", { tensor }),
  lambda: signature("torchvision.transforms.Lambda", { lambd: func }),
  lambdaInput: signature("torchvision.transforms.Lambda.forward", { img: anything("img") }),
  composeInput: signature("torchvision.transforms.Compose.forward", { img: anything("img") }),
  compose: signature("torchvision.transforms.Compose", { transforms: listOf(func) }),
};

/** A picture of bytes in [height, width, channels] order: what a data set gives without a transform. */
export class Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;

  constructor(
    ...args: Args<
      [data: Uint8Array, height: number, width: number, channels: number],
      { data: Uint8Array; height: number; width: number; channels: number }
    >
  ) {
    const { data, height, width, channels } = readImage(args);
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
  constructor(...args: []) {
    readers.transform(args);
    const call = (...inputs: [I]): O => (call as unknown as this).forward(...inputs);
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
  constructor(...args: []) {
    super();
    readers.toTensor(args);
  }
  forward(...args: [pic: Image] | [Keywords<{ pic: Image }>]): Tensor {
    const { pic: image } = readers.pic(args) as { pic: Image };
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
  inplace: false;
}
/** (x - mean) / std, one mean and std for each channel of [..., C, H, W]. */
export class Normalize extends Transform<Tensor, Tensor> {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  #constants: { mean: core.Tensor; std: core.Tensor } | undefined;

  constructor(...args: Args<[mean: number | readonly number[], std: number | readonly number[]], NormalizeArguments>) {
    super();
    const { mean, std } = readers.normalize(args);
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

  forward(...args: [tensor: Tensor] | [Keywords<{ tensor: Tensor }>]): Tensor {
    const { tensor: x } = readers.normalized(args);
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
  constructor(...args: [lambd: (input: I) => O] | [Keywords<{ lambd: (input: I) => O }>]) {
    super();
    this.lambd = readers.lambda(args).lambd;
  }
  forward(...args: [img: I] | [Keywords<{ img: I }>]): O {
    return this.lambd(readers.lambdaInput(args).img as I);
  }
  toString(): string {
    return "Lambda()";
  }
}

/** Transforms one after the other. */
export class Compose extends Transform<unknown, unknown> {
  readonly transforms: readonly TransformFunction[];
  constructor(
    ...args: [transforms: readonly TransformFunction[]] | [Keywords<{ transforms: readonly TransformFunction[] }>]
  ) {
    super();
    this.transforms = readers.compose(args).transforms;
  }
  forward(...args: [img: unknown] | [Keywords<{ img: unknown }>]): unknown {
    const { img } = readers.composeInput(args);
    return this.transforms.reduce((value, transform) => transform(value), img);
  }
  toString(): string {
    return `Compose(\n${this.transforms.map((transform) => `    ${pythonRepr(transform)}\n`).join("")})`;
  }
}
