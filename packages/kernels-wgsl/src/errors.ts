/** What an error says beside its sentence: the op that was asked, the argument at fault, what it should have been, what came. */
export interface ErrorDetail {
  op: string;
  argument?: string;
  expected: string;
  given?: string;
  cause?: unknown;
}

/** Root of every error Facet throws on purpose. `op`, `argument`, `expected` and `given` are also fields, for programs. */
export class FacetError extends Error {
  readonly op: string;
  readonly argument: string | undefined;
  readonly expected: string;
  readonly given: string | undefined;

  constructor(detail: ErrorDetail) {
    const subject = detail.argument === undefined ? detail.op : `${detail.op}: ${detail.argument}`;
    const given = detail.given === undefined ? "" : `, got ${detail.given}`;
    super(
      `${subject}: expected ${detail.expected}${given}`,
      detail.cause === undefined ? undefined : { cause: detail.cause },
    );
    this.name = new.target.name;
    this.op = detail.op;
    this.argument = detail.argument;
    this.expected = detail.expected;
    this.given = detail.given;
  }
}

/** A rank or extent that does not fit the op. */
export class ShapeError extends FacetError {}
/** A dtype the op does not take. */
export class DtypeError extends FacetError {}
/** A value outside what the argument may be: a negative stride, a NaN learning rate, a label that is no class. */
export class ArgumentError extends FacetError {}
/** An argument that exists in the original API and that Facet does not support. */
export class UnsupportedError extends FacetError {}
/** A tensor, buffer or device used after it was freed. */
export class DisposedError extends FacetError {}
/** No adapter, or not the one that was asked for. */
export class NoAdapterError extends FacetError {}
/** A buffer beyond the adapter's limit, or memory the device could not give. */
export class OutOfMemoryError extends FacetError {}
/** What a captured function cannot do, or a plan that does not fit what it is replayed with. */
export class CaptureError extends FacetError {}
/** A shader, pipeline or dispatch the device refused, or a device that was lost: names the kernel and the op. */
export class DeviceError extends FacetError {}

/** Shapes as they stand in error texts: `[2, 3]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
