// Distributions of vectors, and of independent parts seen as one.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { type Args, instance, int, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { type Tensor, wrap } from "../tensor.js";
import { at, Distribution, positive, type Row, real, type Shape, Start, validate_args } from "./distribution.js";

const { add, div, mul, sub, square } = core;
type T = core.Tensor;
const last = { axes: [-1] } as const;
const lastKept = { axes: [-1], keepdims: true } as const;

const DIRICHLET: Row = {
  parameters: { concentration: positive },
  event: (p) => [at(p, "concentration").shape.at(-1) as number],
  draw: (key, p, shape) => core.randomDirichlet(key, at(p, "concentration"), shape.slice(0, -1)),
  fixed: ["concentration"],
  log_prob: (x, p) => {
    const a = at(p, "concentration");
    const each = sub(core.xlogy(sub(a, 1), x), core.lgamma(a));
    return add(core.sum(each, last), core.lgamma(core.sum(a, last)));
  },
  mean: (p) => div(at(p, "concentration"), core.sum(at(p, "concentration"), lastKept)),
  mode: (p) => {
    const a = at(p, "concentration");
    const above = core.maximum(sub(a, 1), 0);
    // Where all are below 1 the density grows towards every corner: PyTorch takes the first.
    const open = core.less(core.max(a, lastKept), 1);
    const corner = core.oneHot(core.fromData([0], [1], "int32"), a.shape.at(-1) as number);
    return core.where(open, corner, div(above, core.sum(above, lastKept)));
  },
  variance: (p) => {
    const a = at(p, "concentration");
    const total = core.sum(a, lastKept);
    return div(mul(a, sub(total, a)), mul(square(total), add(total, 1)));
  },
  entropy: (p) => {
    const a = at(p, "concentration");
    const total = core.sum(a, last);
    const classes = a.shape.at(-1) as number;
    const parts = core.sum(sub(core.lgamma(a), mul(sub(a, 1), core.digamma(a))), last);
    return sub(sub(parts, core.lgamma(total)), mul(sub(classes, total), core.digamma(total)));
  },
};

const readDirichlet = signature("torch.distributions.Dirichlet", { concentration: tensor, validate_args });
/** Probabilities of classes along the last axis of `concentration`. Samples have no derivatives. */
export class Dirichlet extends Distribution {
  declare readonly concentration: Tensor;
  constructor(
    ...args: Args<
      [concentration: Tensor, validate_args: boolean | null],
      { concentration: Tensor; validate_args: boolean | null }
    >
  ) {
    const { concentration, validate_args } = readDirichlet(args);
    if (concentration.rank < 1)
      complain(core.ShapeError, "`concentration` parameter must be at least one-dimensional.", {
        ...{ op: "Dirichlet", argument: "concentration", expected: "rank 1 or more", given: "[]" },
      });
    const values = { concentration: concentration.core };
    super(new Start(DIRICHLET, values, concentration.shape.slice(0, -1), validate_args));
  }
}

/** A matrix times a vector, batch by batch. */
const times = (matrix: T, vector: T): T => {
  const column = core.reshape(vector, [...vector.shape, 1]);
  const product = core.matmul(matrix, column);
  return core.reshape(product, product.shape.slice(0, -1));
};
const transposed = (x: T): T => core.transpose(x, [...Array(x.rank - 2).keys(), x.rank - 1, x.rank - 2]);
const logDeterminant = (tril: T): T => core.sum(core.log(core.diagonal(tril, { axis1: -2, axis2: -1 })), last);
/** The squared length of l^-1 x along the last axis. */
export function whitenedSquare(tril: T, x: T): T {
  const batch = [...x.shape.slice(0, -1)];
  const size = x.shape.at(-1) as number;
  const column = core.reshape(x, [...batch, size, 1]);
  const matrix = `${tril.shape}` === `${[...batch, size, size]}` ? tril : core.expand(tril, [...batch, size, size]);
  return core.sum(square(core.triangularSolve(matrix, column)), { axes: [-2, -1] });
}
export { logDeterminant };

const MULTIVARIATE: Row = {
  parameters: { loc: real },
  support: real,
  event: (p) => [at(p, "loc").shape.at(-1) as number],
  draw: (key, p, shape) => add(at(p, "loc"), times(at(p, "scale_tril"), core.normal(key, shape))),
  log_prob: (x, p) => {
    const size = at(p, "loc").shape.at(-1) as number;
    const distance = whitenedSquare(at(p, "scale_tril"), sub(x, at(p, "loc")));
    const density = mul(add(distance, size * Math.log(2 * Math.PI)), -0.5);
    return sub(density, logDeterminant(at(p, "scale_tril")));
  },
  mean: (p) => at(p, "loc"),
  mode: (p) => at(p, "loc"),
  variance: (p) => core.sum(square(at(p, "scale_tril")), last),
  entropy: (p) => {
    const size = at(p, "loc").shape.at(-1) as number;
    return add(logDeterminant(at(p, "scale_tril")), 0.5 * size * (1 + Math.log(2 * Math.PI)));
  },
};

const MATRICES = ["covariance_matrix", "precision_matrix", "scale_tril"] as const;
interface MultivariateArguments {
  loc: Tensor;
  covariance_matrix: Tensor | null;
  precision_matrix: Tensor | null;
  scale_tril: Tensor | null;
  validate_args: boolean | null;
}
const readMultivariate = signature("torch.distributions.MultivariateNormal", {
  loc: tensor,
  covariance_matrix: tensor.or(null),
  precision_matrix: tensor.or(null),
  scale_tril: tensor.or(null),
  validate_args,
});
/** Normal vectors of a mean and one of: a covariance matrix, its inverse, or its lower Cholesky factor. */
export class MultivariateNormal extends Distribution {
  declare readonly loc: Tensor;
  declare readonly scale_tril: Tensor;
  readonly #shown: string;
  constructor(
    ...args: Args<
      [loc: Tensor, covariance_matrix: Tensor | null, precision_matrix: Tensor | null, scale_tril: Tensor | null],
      MultivariateArguments
    >
  ) {
    const op = "MultivariateNormal";
    const values = readMultivariate(args);
    const names = MATRICES.filter((name) => values[name] !== null);
    const [name] = names;
    if (names.length !== 1 || !name)
      complain(ArgumentError, "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.", {
        op,
        argument: "covariance_matrix",
        expected: "one of the three",
        given: `${names.length}`,
      });
    const matrix = (values[name as (typeof MATRICES)[number]] as Tensor).core;
    const { loc } = values;
    const size = loc.shape.at(-1);
    if (size === undefined || matrix.rank < 2 || matrix.shape.at(-1) !== size || matrix.shape.at(-2) !== size)
      complain(core.ShapeError, `${name} must be at least two-dimensional, with optional leading batch dimensions`, {
        ...{ op, argument: `${name}`, expected: `[..., ${size}, ${size}]`, given: `[${matrix.shape.join(", ")}]` },
      });
    const batch = longer(loc.shape.slice(0, -1), matrix.shape.slice(0, -2));
    const factor =
      name === "scale_tril" ? matrix : name === "covariance_matrix" ? core.cholesky(matrix) : factorOfInverse(matrix);
    const rows = size as number;
    super(
      new Start(
        MULTIVARIATE,
        { loc: core.expand(loc.core, [...batch, rows]), scale_tril: core.expand(factor, [...batch, rows, rows]) },
        batch,
        values.validate_args,
      ),
    );
    this.#shown = `MultivariateNormal(loc: torch.Size([${[...batch, rows].join(", ")}]), ${name}: torch.Size([${[...batch, rows, rows].join(", ")}]))`;
  }
  get covariance_matrix(): Tensor {
    return core.scope(() => wrap(core.matmul(this.scale_tril.core, transposed(this.scale_tril.core))));
  }
  get precision_matrix(): Tensor {
    return core.scope(() => wrap(core.inverse(this.covariance_matrix.core)));
  }
  override toString(): string {
    return this.#shown;
  }
}
const longer = (a: Shape, b: Shape): Shape => (a.length >= b.length ? a : b);
/** The lower Cholesky factor of the inverse of a matrix. */
const factorOfInverse = (precision: T): T => core.cholesky(core.inverse(precision));

const readIndependent = signature("torch.distributions.Independent", {
  base_distribution: instance(() => Distribution, "a Distribution"),
  reinterpreted_batch_ndims: int.where("an integer of 0 or more", (value) => value >= 0),
  validate_args,
});
/** The last dimensions of a batch as one event: their log probabilities and entropies add up. */
export class Independent extends Distribution {
  readonly base_dist: Distribution;
  readonly reinterpreted_batch_ndims: number;
  constructor(
    ...args: Args<
      [base_distribution: Distribution, reinterpreted_batch_ndims: number, validate_args: boolean | null],
      { base_distribution: Distribution; reinterpreted_batch_ndims: number; validate_args: boolean | null }
    >
  ) {
    const { base_distribution: base, reinterpreted_batch_ndims: count } = readIndependent(args);
    const rank = base.batch_shape.length;
    if (count > rank)
      complain(ArgumentError, "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape)", {
        ...{ op: "Independent", argument: "reinterpreted_batch_ndims", expected: `at most ${rank}`, given: `${count}` },
      });
    super({
      batch_shape: base.batch_shape.slice(0, rank - count),
      event_shape: [...base.batch_shape.slice(rank - count), ...base.event_shape],
    } as never);
    this.base_dist = base;
    this.reinterpreted_batch_ndims = count;
  }
  #sum(x: Tensor): Tensor {
    const count = this.reinterpreted_batch_ndims;
    if (count === 0) return x;
    return core.scope(() => wrap(core.sum(x.core, { axes: Array.from({ length: count }, (_, i) => -1 - i) })));
  }
  override get has_rsample(): boolean {
    return this.base_dist.has_rsample;
  }
  override get mean(): Tensor {
    return this.base_dist.mean;
  }
  override get variance(): Tensor {
    return this.base_dist.variance;
  }
  override get mode(): Tensor {
    return this.base_dist.mode;
  }
  override _sample(sample_shape: Shape): Tensor {
    return this.base_dist._sample(sample_shape);
  }
  override _rsample(sample_shape: Shape): Tensor {
    return this.base_dist._rsample(sample_shape);
  }
  override _log_prob(value: Tensor): Tensor {
    return this.#sum(this.base_dist._log_prob(value));
  }
  override _entropy(): Tensor {
    return this.#sum(this.base_dist._entropy());
  }
  override toString(): string {
    return `Independent(${this.base_dist}, ${this.reinterpreted_batch_ndims})`;
  }
}
