// torch.distributions
export {
  Beta,
  Cauchy,
  Exponential,
  Gamma,
  Gumbel,
  HalfNormal,
  Laplace,
  LogNormal,
  Normal,
  Uniform,
} from "./continuous.js";
export { Bernoulli, Categorical, Geometric, OneHotCategorical, Poisson } from "./discrete.js";
export { Distribution } from "./distribution.js";
export { kl_divergence } from "./kl.js";
export { Dirichlet, Independent, MultivariateNormal } from "./vectors.js";
