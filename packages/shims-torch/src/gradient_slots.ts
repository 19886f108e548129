// Where gradients of leaves collect.
import * as core from "@facet/autograd";
import type { Tensor } from "./tensor.js";

/** Where the gradient of a leaf collects. */
interface Slot {
  grad: Tensor | null;
  /** Whether a program has looked at the gradient: it may then hold on to it, and only the collector may free it. */
  seen: boolean;
}

const slots = new WeakMap<core.Node, Slot>();

/** The place of a leaf's gradient. */
export function slotOf(node: core.Node): Slot {
  let slot = slots.get(node);
  if (!slot) {
    slot = { grad: null, seen: false };
    slots.set(node, slot);
  }
  return slot;
}

/** In a compiled function: what it relies on must be there again in the next call, or it is traced anew. */
function relyOn(slot: Slot): void {
  const trace = core.tracing();
  if (!trace || trace.seen.has(slot)) return;
  trace.seen.add(slot);
  const { grad } = slot;
  core.guard(() => slot.grad === grad);
}

/** Gradients that plans write: every run shows the same handle again, so that it must not be freed. */
const planned = new WeakSet<Tensor>();

/** Sets a gradient, in every run of a compiled function. */
export function assignGradient(node: core.Node, grad: Tensor | null, seen: boolean): void {
  const slot = slotOf(node);
  core.tracing()?.seen.add(slot);
  if (grad && core.tracing()) planned.add(grad);
  core.everyRun(() => {
    slot.grad = grad;
    slot.seen = seen;
  });
}

/** The gradient of a leaf, for callers that keep no handle on it. */
export function peekGradient(node: core.Node): Tensor | null {
  const slot = slotOf(node);
  relyOn(slot);
  return slot.grad;
}

/** Forgets a gradient; frees it at once when no program can hold it. */
export function dropGradient(node: core.Node): void {
  const { grad, seen } = slotOf(node);
  if (grad && !seen && !planned.has(grad)) grad.core.dispose("freed by zero_grad()");
  assignGradient(node, null, false);
}
