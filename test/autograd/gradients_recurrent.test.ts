// Gradients of recurrent layers.
import * as F from "@facet/autograd";
import { afterAll } from "vitest";
import { checkRows } from "./gradient_checks.js";
import { recurrentRows } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

checkRows(recurrentRows);
