// What a function does on the host with values that the device computes: jax.debug. In a jitted function they are results of the
// plan beside the function's own, and what is done with them is done after every run.
import { type Tensor, tracing, UnsupportedError, unscoped } from "@facet/autograd";
import { JaxArray } from "./array.js";

/** What waits for values: `start` begins to read them before they may be gone, what it returns comes in its turn. */
export interface Effect {
  readonly tensors: readonly Tensor[];
  readonly start: (arrays: readonly JaxArray[]) => Promise<() => void | Promise<void>>;
}

let collecting: Effect[] | undefined;
let chain: Promise<void> = Promise.resolve();
let failure: unknown;

/** The effects of a function while it is traced. */
export function collected<T>(body: () => T): { result: T; effects: readonly Effect[] } {
  const outer = collecting;
  const own: Effect[] = [];
  collecting = own;
  try {
    return { result: body(), effects: own };
  } finally {
    collecting = outer;
  }
}

/** Reads the values of an effect, and does what it does after all those before it. */
export function perform({ start }: Effect, tensors: readonly Tensor[]): void {
  const started = start(tensors.map((x) => new JaxArray(x)));
  // A failed read is told of where it is waited for.
  started.catch(() => undefined);
  chain = chain
    .then(async () => (await started)())
    .catch((error: unknown) => {
      failure ??= error;
    });
}

/** Does something with values: now, or after every run of the function that is being jitted. */
export function emit(op: string, effect: Effect): void {
  const trace = tracing();
  // They outlive the scope that they were made in, until they have been read.
  const own = { ...effect, tensors: effect.tensors.map((x) => unscoped(() => x.alias())) };
  if (trace === undefined) {
    perform(own, own.tensors);
    return;
  }
  if (trace.isLooping)
    throw new UnsupportedError({
      op,
      argument: "args",
      expected: "values outside of the body of a scan under jit",
      given: "values of a step",
    });
  // Without a jitted function there are no runs: shapes alone are asked for.
  collecting?.push(own);
}

/** Waits until all effects have been done. Throws what one of them threw. */
export async function finished(): Promise<void> {
  await chain;
  const error = failure;
  failure = undefined;
  if (error !== undefined) throw error;
}
