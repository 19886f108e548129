// PyTorch's text of a tensor, to the byte.
import { type Tensor as CoreTensor, EDGE, gradientOp, isElided, shownOf, sizeOf } from "@facet/autograd";
import { fixed, type Printable, pythonShape, scientific, shownValues } from "@facet/dialect";

/** Characters of a line; digits after the point. */
const LINE_WIDTH = 80;
const PRECISION = 4;

interface Format {
  readonly width: number;
  readonly text: (value: number) => string;
}

function formatOf(dtype: string, values: readonly number[]): Format {
  const plain = plainFormat(dtype, values);
  const padded = (value: number): string => plain.text(value).padStart(plain.width);
  return { width: plain.width, text: padded };
}

const widest = (texts: readonly string[]): number => Math.max(1, ...texts.map((text) => text.length));

function plainFormat(dtype: string, values: readonly number[]): Format {
  if (dtype !== "float32") {
    const text = dtype === "bool" ? (value: number) => (value ? "True" : "False") : (value: number) => `${value}`;
    return { width: widest(values.map(text)), text };
  }
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const sizes = finite.map(Math.abs);
  const [most, least] = [Math.max(...sizes), Math.min(...sizes)];
  const whole = finite.every(Number.isInteger);
  if (finite.length > 0 && (most / least > 1000 || most > 1e8 || least < 1e-4))
    return numbers((value) => scientific(value, PRECISION), finite);
  // A whole number shows by its point that it is a float.
  if (whole) return numbers((value) => `${fixed(value, 0)}.`, finite);
  return numbers((value) => fixed(value, PRECISION), finite);
}

/** The widths come from the numbers alone: infinities and nan fit or stand out. */
function numbers(text: (value: number) => string, finite: readonly number[]): Format {
  return {
    width: widest(finite.map(text)),
    text: (value) => (Number.isFinite(value) ? text(value) : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"),
  };
}

/** The elements in brackets; `indent` is how far the first line is from the margin. */
function elements({ shape, dtype, at }: Printable, values: readonly number[], indent: number): string {
  const format = formatOf(dtype, values);
  const elided = isElided(shape);
  const text = (axis: number, row: number, indent: number): string => {
    if (axis === shape.length) return format.text(at(row) as number);
    const extent = shape[axis] as number;
    const { positions, gap } = shownOf(extent, elided);
    const parts = positions.map((i) => text(axis + 1, row * extent + i, indent + 1));
    const left = shape.length - axis - 1;
    if (gap) parts.splice(EDGE, 0, left === 0 ? " ..." : "...");
    if (left > 0) return `[${parts.join(`,${"\n".repeat(left)}${" ".repeat(indent + 1)}`)}]`;
    const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (format.width + 2)));
    const lines: string[] = [];
    for (let i = 0; i < parts.length; i += perLine) lines.push(parts.slice(i, i + perLine).join(", "));
    return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  };
  return text(0, 0, indent);
}

/**
 * What `print` shows of a tensor: `tensor([1., 2.], requires_grad=True)`. `gradient` is its last part. Without the values,
 * as PyTorch prints a tensor without any: `tensor(..., size=(2,))`.
 */
export function tensorText(tensor: Printable, gradient: string | undefined): string {
  const { shape, dtype } = tensor;
  const prefix = "tensor(";
  const values = shownValues(tensor);
  const empty = sizeOf(shape) === 0;
  const suffixes: string[] = [];
  if (!values || (empty && shape.length !== 1)) suffixes.push(`size=${pythonShape(shape)}`);
  const implied = ["float32", ...(values && !empty ? ["int64", "bool"] : [])];
  if (!implied.includes(dtype)) suffixes.push(`dtype=torch.${dtype}`);
  if (gradient) suffixes.push(gradient);
  let text = prefix + (!values ? "..." : empty ? "[]" : elements(tensor, values, prefix.length));
  let last = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    const breaks = last + suffix.length + 2 > LINE_WIDTH;
    text += breaks ? `,\n${" ".repeat(prefix.length)}${suffix}` : `, ${suffix}`;
    last = breaks ? prefix.length + suffix.length : last + suffix.length + 2;
  }
  return `${text})`;
}

/** What PyTorch calls the backward of an op, where that is not the op's own name. */
const BACKWARDS: Readonly<Record<string, string>> = {
  reshape: "View",
  concat: "Cat",
  matmul: "Mm",
  cast: "ToCopy",
  transpose: "Permute",
  max_pool2d: "MaxPool2DWithIndices",
  avg_pool2d: "AvgPool2D",
  conv2d: "Convolution",
  softmax_cross_entropy: "NllLoss",
};

/** PyTorch's name of the way back through one of the core's ops. */
export function backwardName(op: string): string {
  const camel = op.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return `${BACKWARDS[op] ?? camel}Backward0`;
}

/** `requires_grad=True` of a leaf, `grad_fn=<MulBackward0>` of what was computed from one: named by the op that ran last. */
export function gradientText(tensor: { requires_grad: boolean; is_leaf: boolean; core: CoreTensor }) {
  if (!tensor.requires_grad) return undefined;
  if (tensor.is_leaf) return "requires_grad=True";
  return `grad_fn=<${backwardName(gradientOp(tensor.core))}>`;
}
