// jax.checkpoint_policies: what a checkpoint keeps, as far as that is everything or nothing.
import { UnsupportedError } from "@facet/autograd";
import { any, define, show, string } from "@facet/dialect";
import { tree } from "./arguments.js";

/** What jax.checkpoint may be told to keep. */
export type Policy = (...args: readonly unknown[]) => boolean;
/** Everything is kept: as without checkpoint. */
export const everything_saveable: Policy = define(
  "jax.checkpoint_policies.everything_saveable",
  { "*_": any, "**__": any },
  () => true,
);
/** Nothing is kept: what checkpoint does by itself. */
export const nothing_saveable: Policy = define(
  "jax.checkpoint_policies.nothing_saveable",
  { "*_": any, "**__": any },
  () => false,
);

/** Whether a checkpoint does anything. Throws UnsupportedError on policies that keep something of a function. */
export function keepsNothing(policy: unknown): boolean {
  if (policy === null || policy === nothing_saveable) return true;
  if (policy === everything_saveable) return false;
  throw new UnsupportedError({
    op: "checkpoint",
    argument: "policy",
    expected: "null, checkpoint_policies.nothing_saveable or checkpoint_policies.everything_saveable",
    given: show(policy),
  });
}

/** A name for policies that choose by it: the tree as it is. */
export const checkpoint_name: <T>(x: T, name: string) => T = define(
  "jax.ad_checkpoint.checkpoint_name",
  { x: tree, name: string },
  ({ x }) => x,
) as never;
