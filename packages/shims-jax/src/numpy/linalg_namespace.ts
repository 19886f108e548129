// jax.numpy.linalg as a name of jax.numpy, in a module of its own: a page that does not read it carries none of it.
import { namespace } from "@facet/dialect";
import * as members from "./linalg_members.js";

/** jax.numpy.linalg. */
export const linalg = namespace("jax.numpy.linalg", members);
