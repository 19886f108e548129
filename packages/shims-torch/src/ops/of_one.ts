// How functions of one tensor treat dtypes.
import * as core from "@facet/autograd";
import type { Args } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { native, out, tensor } from "../kinds.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { refuseDtype } from "./scalar.js";

export type OfOne = (input: Tensor, ...args: Args<[], Out>) => Tensor;
/** Of functions that have no argument `out`. */
export type OfOneAlone = (input: Tensor) => Tensor;
export type Compute = (x: core.Tensor) => core.Tensor;

export const one = { input: tensor, "*": null, out } as const;

export const unary = (name: string, f: Compute): OfOne =>
  native(name, one, ({ input }) => core.scope(() => wrap(f(input.core))));

/** A function of numbers that keeps their dtype. */
export const same = (name: string, f: Compute): OfOne => unary(name, (x) => f(refuseDtype(name, x, "bool")));
/** A function that has nothing to do on integers. */
export const rounding = (name: string, f: Compute): OfOne =>
  same(name, (x) => (x.dtype === "float32" ? f(x) : copyOf(x)));
/** A function that makes floats of integers and bools. */
export const floating = (name: string, f: Compute): OfOne => unary(name, (x) => f(convertCore(x, "float32")));
