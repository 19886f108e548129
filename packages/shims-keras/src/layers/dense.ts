// Products with a kernel.
import { ArgumentError, add, cast, einsum, matmul, ShapeError } from "@facet/autograd";
import { bool, int, listOf, only, string } from "@facet/dialect";
import { positive } from "../kinds.js";
import { floats, pythonShape, type Shape, Tensor } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { activationKind, constraint, initializer, regularizer, withTraining } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";

const weights = {
  kernel_initializer: initializer.or("glorot_uniform"),
  bias_initializer: initializer.or("zeros"),
  kernel_regularizer: regularizer,
  bias_regularizer: regularizer,
} as const;
const constraints = { kernel_constraint: constraint, bias_constraint: constraint } as const;

const denseRules = {
  units: positive,
  activation: activationKind.or(null),
  use_bias: bool.or(true),
  ...weights,
  activity_regularizer: regularizer,
  ...constraints,
  lora_rank: only(null),
  lora_alpha: only(null),
  quantization_config: only(null),
} as const;
/** activation(x kernel + bias) along the last axis: [..., in] to [..., units]; kernel [in, units]. */
class DenseLayer extends /* @__PURE__ */ layerOf("Dense", denseRules, ["units", "activation", "use_bias"], {
  call: withTraining,
  masks: true,
}) {
  kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  override build(inputShape: Shape): void {
    this.expectRank(inputShape, 2, true);
    this.kernel = this.weightOf("kernel", [this.knownExtent(inputShape, -1), this.units]);
    if (this.use_bias) this.bias = this.weightOf("bias", [this.units]);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 2, true);
    if (this.kernel) this.expectAxis(inputShape, -1, this.kernel.shape[0] as number);
    return [...inputShape.slice(0, -1), this.units];
  }

  override call(x: Tensor): Tensor {
    this.compute_output_shape(x.shape);
    const { core } = this.kernel as VariableBase;
    return this.activation(new Tensor(matmul(cast(x.core, "float32"), core, { bias: this.bias?.core })));
  }
}

const extent = int.orNone;
const einsumRules = {
  equation: string,
  output_shape: extent.either(listOf(extent)),
  activation: activationKind.or(null),
  bias_axes: string.or(null),
  ...weights,
  ...constraints,
  lora_rank: only(null),
  lora_alpha: only(null),
  gptq_unpacked_column_size: only(null),
  quantization_config: only(null),
} as const;

/** An equation of EinsumDense for an input of a shape: shapes of kernel, bias and result. */
interface Einsum {
  readonly kernel: readonly number[];
  readonly bias: readonly number[] | undefined;
  readonly result: Shape;
}

const FORMS =
  /^(?:(\.\.\.)?([a-zA-Z]+),([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)|([a-zA-Z]+)\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.)$/;

function readEquation(
  equation: string,
  biasAxes: string | null,
  inputShape: Shape,
  given: readonly (number | null)[],
): Einsum {
  const op = "EinsumDense";
  const refuse = (argument: string, expected: string, text: string): never => {
    throw new ArgumentError({ op, argument, expected, given: text });
  };
  const found = FORMS.exec(equation.replace(/\s/g, ""));
  if (!found || Boolean(found[1]) !== Boolean(found[4]))
    return refuse("equation", "one of the forms ab,bc->ac, ...ab,bc->...ac, ab...,bc->ac...", equation);
  const left = found[1] !== undefined;
  const [input, weight, output] = (left || found[2]
    ? [found[2], found[3], found[5]]
    : found.slice(6, 9)) as string[] as [string, string, string];
  const elided = inputShape.length - input.length;
  if (elided < 0 || (elided > 0 && !equation.includes("...")))
    throw new ShapeError({ op, argument: "inputs", expected: `dimensions ${input}`, given: pythonShape(inputShape) });
  const more = left ? inputShape.slice(1, elided) : inputShape.slice(inputShape.length - elided);
  const batch = inputShape[0] ?? null;
  const result = left ? [batch, ...(elided > 0 ? more : []), ...given] : [batch, ...given, ...(elided > 0 ? more : [])];
  const offset = left ? elided : 0;
  const ofInput = (letter: string): number | null | undefined =>
    input.includes(letter) ? (inputShape[input.indexOf(letter) + offset] ?? null) : undefined;
  const ofResult = (letter: string): number | null | undefined =>
    output.includes(letter) ? (result[output.indexOf(letter) + offset] ?? null) : undefined;
  for (const letter of input) {
    const [a, b] = [ofInput(letter), ofResult(letter)];
    if (b !== undefined && b !== null && a !== b)
      refuse("output_shape", `${a} where the input has ${letter}`, `${pythonShape(given)}`);
  }
  for (const letter of output)
    if (!input.includes(letter) && !weight.includes(letter))
      refuse("equation", `a dimension ${letter} of the input or the kernel`, equation);
  const kernel = [...weight].map((letter) => {
    const known = ofResult(letter) ?? ofInput(letter);
    return typeof known === "number"
      ? known
      : refuse("equation", `a known extent for ${letter} of the kernel`, equation);
  });
  if (biasAxes === null) return { kernel, bias: undefined, result };
  for (const letter of biasAxes)
    if (!output.includes(letter)) refuse("bias_axes", `dimensions of the result ${output}`, biasAxes);
  const first = Math.min(...[...biasAxes].map((letter) => output.indexOf(letter)));
  const bias = [...output.slice(first)].map((letter) => {
    if (!biasAxes.includes(letter)) return 1;
    const known = ofResult(letter);
    return typeof known === "number" ? known : refuse("bias_axes", `a known extent for ${letter}`, biasAxes);
  });
  return { kernel, bias: left ? bias : [...bias, ...new Array<number>(elided).fill(1)], result };
}

/** activation(einsum(equation, x, kernel) + bias); `output_shape` is the result's without the batch (and what "..." stands for). */
class EinsumDenseLayer extends /* @__PURE__ */ layerOf(
  "EinsumDense",
  einsumRules,
  ["equation", "output_shape", "activation", "bias_axes"],
  {
    call: withTraining,
    normal: ({ output_shape }) => ({ output_shape: [output_shape].flat() as readonly (number | null)[] }),
  },
) {
  kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  #read(shape: Shape): Einsum {
    return readEquation(this.equation, this.bias_axes, shape, this.output_shape);
  }

  override build(inputShape: Shape): void {
    this.expectRank(inputShape, 1, true);
    const { kernel, bias } = this.#read(inputShape);
    this.kernel = this.weightOf("kernel", kernel);
    if (bias) this.bias = this.weightOf("bias", bias);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 1, true);
    return this.#read(inputShape).result;
  }

  override call(x: Tensor): Tensor {
    const y = einsum(this.equation, floats(x), (this.kernel as VariableBase).core);
    return this.activation(new Tensor(this.bias ? add(y, this.bias.core) : y));
  }
}

export const Dense = /* @__PURE__ */ layerClass(DenseLayer);
export type Dense = DenseLayer;
export const EinsumDense = /* @__PURE__ */ layerClass(EinsumDenseLayer);
export type EinsumDense = EinsumDenseLayer;
