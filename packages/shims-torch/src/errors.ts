import { ArgumentError, type ErrorDetail, type FacetError } from "@facet/autograd";

/**
 * Throws a typed error that opens with PyTorch's own sentence, so that what a user remembers or searches for is there; what
 * was expected and what came follow in brackets.
 */
export function complain(kind: new (detail: ErrorDetail) => FacetError, sentence: string, detail: ErrorDetail): never {
  const error = new kind(detail);
  const generic = error.message;
  error.message = `${sentence} [${generic}]`;
  // V8 has put the first message into the stack already.
  if (error.stack) error.stack = error.stack.replace(generic, () => error.message);
  throw error;
}

/** A dimension from 0 to rank - 1, given one that may count from the end. Throws ArgumentError on one that is not there. */
export function dimension(op: string, dim: number, rank: number, argument = "dim"): number {
  const room = Math.max(1, rank);
  if (!Number.isInteger(dim) || dim < -room || dim >= room) {
    complain(
      ArgumentError,
      `Dimension out of range (expected to be in range of [${-room}, ${room - 1}], but got ${dim})`,
      { op, argument, expected: `a dimension of a tensor of rank ${rank}`, given: `${dim}` },
    );
  }
  return dim < 0 ? dim + room : dim;
}

/** Dimensions as `dimension` gives them, each once. */
export function dimensions(op: string, dims: number | readonly number[], rank: number): number[] {
  const list = (typeof dims === "number" ? [dims] : dims).map((dim) => dimension(op, dim, rank));
  if (new Set(list).size !== list.length)
    throw new ArgumentError({ op, argument: "dim", expected: "each dimension once", given: `[${list.join(", ")}]` });
  return list;
}
