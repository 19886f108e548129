import { sizeOf } from "@facet/autograd";
import { array2string, LINE_WIDTH, type Printable, pythonShape } from "@facet/dialect";

/** JAX's repr of an array, to the byte; without the elements where the host does not know them. */
export function arrayRepr(array: Printable): string {
  const { shape, dtype } = array;
  const prefix = "Array(";
  const type = `dtype=${dtype}`;
  const elements = sizeOf(shape) === 0 ? `[], shape=${pythonShape(shape)}` : array2string(array, ", ", prefix, ",");
  if (elements === undefined) return `${prefix}shape=${pythonShape(shape)}, ${type})`;
  const last = elements.length - elements.lastIndexOf("\n") + 1;
  // The original does not break the line here either.
  const gap = last + type.length + 2 > LINE_WIDTH ? " ".repeat(prefix.length) : " ";
  return `${prefix}${elements},${gap}${type})`;
}
