// Which parameters weight decay acts on.
import { ArgumentError } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";

export interface DecayOptions {
  /** Whether weight decay acts on each parameter. Default: on all. Those that it leaves alone are one more dispatch. */
  readonly decays?: readonly boolean[] | undefined;
}

/** The kind of parameters without decay, as `Part.kind` has it. */
export const UNDECAYED = 1;

/** Kinds for a fused optimiser. Throws ArgumentError unless there is a mark for each parameter. */
export function decayKinds(
  op: string,
  parameters: readonly Tensor[],
  decays: readonly boolean[] = parameters.map(() => true),
): number[] {
  if (decays.length !== parameters.length) {
    const expected = `a mark for each of the ${parameters.length} parameters`;
    throw new ArgumentError({ op, argument: "decays", expected, given: `${decays.length}` });
  }
  return decays.map((each) => (each ? 0 : UNDECAYED));
}
