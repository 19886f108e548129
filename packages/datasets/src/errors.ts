import type { LoadOptions } from "./types.js";

/**
 * A data set that cannot be had or cannot be trusted. `file` is the path, address or name at fault, `defect` what is wrong
 * with it; the message is both.
 */
export class DatasetError extends Error {
  readonly file: string;
  readonly defect: string;

  constructor(file: string, defect: string, options?: { cause?: unknown }) {
    super(`${file}: ${defect}`, options);
    this.name = "DatasetError";
    this.file = file;
    this.defect = defect;
  }
}

/** A data set whose files are nowhere, unlike one whose files are there and wrong. */
export class DatasetAbsentError extends DatasetError {
  constructor(file: string, defect: string, options?: { cause?: unknown }) {
    super(file, defect, options);
    this.name = "DatasetAbsentError";
  }
}

/** Returns `value` if it is an integer of 1 .. most. @throws RangeError that names the function, the argument, both bounds and the value. */
export function checkCount(where: string, argument: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  const bounds = most === Number.MAX_SAFE_INTEGER ? "an integer of at least 1" : `an integer from 1 to ${most}`;
  throw new RangeError(`${where}: ${argument}: expected ${bounds}, got ${value}`);
}

/** @throws RangeError where an option is none of the values it may have; the counts are those of the whole set. */
export function checkLoadOptions(options: LoadOptions, trainCount: number, testCount: number): void {
  const { layout, limit, testLimit } = options;
  if (limit !== undefined) checkCount("loadDataset", "limit", limit, trainCount);
  if (testLimit !== undefined) checkCount("loadDataset", "testLimit", testLimit, testCount);
  if (layout !== undefined && layout !== "NHWC" && layout !== "NCHW") {
    throw new RangeError(`loadDataset: layout: expected NHWC or NCHW, got ${layout}`);
  }
}
