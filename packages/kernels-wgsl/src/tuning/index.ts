import type { AdapterDescription } from "../runtime/device.js";
import lavapipe from "./lavapipe.json" with { type: "json" };
import swiftshader from "./swiftshader.json" with { type: "json" };

/**
 * Tables that come with Facet, by kind of adapter, as `npx facet tune --out` wrote them. They hold only where another variant
 * than the first won. Drivers of one kind are alike enough: a choice changes the speed, never a result.
 */
export const shipped: Partial<Record<AdapterDescription["kind"], unknown>> = { lavapipe, swiftshader };
