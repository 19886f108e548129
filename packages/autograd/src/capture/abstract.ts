import type { Dtype } from "../dtype.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { Trace, withTrace } from "./trace.js";

/** What is known of a tensor that is not there: its shape and its dtype. */
export interface Abstract {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/**
 * Runs `body` on stand-ins of these shapes and dtypes: ops check what they are given and make results of the right shapes,
 * nothing runs on the device and no memory is taken. Results are gone when it returns: `body` notes down their shapes.
 */
export function abstractly<R>(inputs: readonly Abstract[], body: (standIns: Tensor[]) => R): R {
  const trace = new Trace();
  try {
    return withTrace(trace, () =>
      noGrad(() => scope(() => body(inputs.map(({ shape, dtype }) => empty(shape, dtype, "stand-in"))))),
    );
  } finally {
    trace.release();
  }
}
