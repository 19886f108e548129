// Gradients of layers: convolutions, pooling, normalisation, embeddings, attention.
import * as F from "@facet/autograd";
import { afterAll } from "vitest";
import { checkRows } from "./gradient_checks.js";
import { layerFamily } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

checkRows(layerFamily);
