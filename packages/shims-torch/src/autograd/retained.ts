import type { Node } from "@facet/autograd";

/** Computed values whose gradients backward() collects too. */
export const retained = new WeakSet<Node>();
