// Gradients of linear algebra and Fourier transforms.
import * as F from "@facet/autograd";
import { afterAll } from "vitest";
import { checkRows } from "./gradient_checks.js";
import { linearFamily } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

checkRows(linearFamily);
