// Gradients of ops on arrays: reductions, scans, moves, products, losses.
import * as F from "@facet/autograd";
import { afterAll } from "vitest";
import { checkRows } from "./gradient_checks.js";
import { arrayFamily } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

checkRows(arrayFamily);
