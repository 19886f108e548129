// Kernels of elementwise functions that take long.
import type { KernelEntry } from "../../cases.js";
import { type Call, elementwiseCase, expressionCases } from "./elementwise.cases.js";
import {
  elementwiseBessel,
  elementwiseBinarySpecial,
  elementwiseIncompleteGamma,
  elementwisePolynomial,
  elementwiseSpecial,
  elementwiseTranscendental,
} from "./elementwise.js";
import { elementwiseReference } from "./elementwise.ref.js";
import type { ExpressionName } from "./expressions.js";

const cnn = [32, 26, 26, 32];

const ofOne = (name: ExpressionName): Call[] => [
  { name, shapes: [[]] },
  { name, shapes: [cnn], bench: true },
];
/** Shapes that each variant takes. */
const ofTwo = (name: ExpressionName): Call[] => [
  { name, shapes: [[], []] },
  { name, shapes: [[7], []] },
  {
    name,
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  {
    name,
    shapes: [
      [2, 1, 3, 1, 2],
      [1, 3, 3, 2, 1],
    ],
  },
  { name, shapes: [cnn, []], bench: true },
];

export const elementwiseSpecialEntries: KernelEntry[] = [
  {
    kernel: elementwiseTranscendental,
    reference: elementwiseReference,
    cases: [...expressionCases(1, "transcendental"), ...ofOne("asinh").map(elementwiseCase)],
  },
  {
    kernel: elementwiseSpecial,
    reference: elementwiseReference,
    cases: [...expressionCases(1, "special"), ...ofOne("lgamma").map(elementwiseCase)],
  },
  {
    kernel: elementwiseBessel,
    reference: elementwiseReference,
    cases: [...expressionCases(1, "bessel"), ...ofOne("bessel_i0e").map(elementwiseCase)],
  },
  {
    kernel: elementwiseBinarySpecial,
    reference: elementwiseReference,
    cases: [...expressionCases(2, "binary_special"), ...ofTwo("logaddexp").map(elementwiseCase)],
  },
  {
    kernel: elementwiseIncompleteGamma,
    reference: elementwiseReference,
    cases: [...expressionCases(2, "incomplete_gamma"), ...ofTwo("igamma").map(elementwiseCase)],
  },
  {
    kernel: elementwisePolynomial,
    reference: elementwiseReference,
    cases: [...expressionCases(2, "polynomial"), ...ofTwo("legendre").map(elementwiseCase)],
  },
];
