/** Private test helpers: comparison with a report, seeded random numbers, gradient check, golden files. */
export { type CompareOptions, type Comparison, compare, expectClose, type Tolerance } from "./allclose.js";
export { type Golden, type GoldenCase, type GoldenTensor, loadGolden } from "./golden.js";
export { checkGradients, type GradientCheck, type GradientCheckResult } from "./gradcheck.js";
export { createRandom, formulaWeights, type Random } from "./random.js";
