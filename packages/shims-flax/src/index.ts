// Flax over Facet's JAX dialect: nnx and linen.
import { namespace } from "@facet/dialect";
import * as nnxMembers from "./nnx/index.js";

export const nnx = namespace("flax.nnx", nnxMembers);
