// An ONNX model of one node as bytes: just enough of the protobuf for onnxruntime-web to be given the bench's workloads.

/** Shapes by name, all float32. */
type Values = Record<string, readonly number[]>;

export interface OnnxNode {
  op: string;
  inputs: Values;
  output: { name: string; shape: readonly number[] };
  /** Integers and lists of integers, which is all that these operators take. */
  attributes?: Record<string, number | readonly number[]>;
}

const FLOAT = 1;
/** AttributeProto.type of one integer and of a list. */
const INT = 2;
const INTS = 7;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const integer = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
const message = (field: number, body: readonly number[]): number[] => [
  ...varint((field << 3) | 2),
  ...varint(body.length),
  ...body,
];
const text = (field: number, value: string): number[] => message(field, [...new TextEncoder().encode(value)]);

/** ValueInfoProto: name and tensor type. */
function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((extent) => message(1, integer(1, extent)));
  return [...text(1, name), ...message(2, message(1, [...integer(1, FLOAT), ...message(2, dimensions)]))];
}

function attribute(name: string, value: number | readonly number[]): number[] {
  const body =
    typeof value === "number"
      ? [...integer(3, value), ...integer(20, INT)]
      : [...value.flatMap((item) => integer(8, item)), ...integer(20, INTS)];
  return [...text(1, name), ...body];
}

/** The model's bytes, in operator set 17. */
export function onnxModel({ op, inputs, output, attributes = {} }: OnnxNode): Uint8Array {
  const node = [
    ...Object.keys(inputs).flatMap((name) => text(1, name)),
    ...text(2, output.name),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
  ];
  const graph = [
    ...message(1, node),
    ...text(2, "bench"),
    ...Object.entries(inputs).flatMap(([name, shape]) => message(11, valueInfo(name, shape))),
    ...message(12, valueInfo(output.name, output.shape)),
  ];
  return Uint8Array.from([...integer(1, 8), ...message(7, graph), ...message(8, [...text(1, ""), ...integer(2, 17)])]);
}
