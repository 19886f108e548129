// Distributions against PyTorch's values (test/goldens/generate_distributions.py), moments of their samples, and mistakes.
import { readFileSync } from "node:fs";
import { ArgumentError, FacetError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const D = torch.distributions;
type Tensor = torch.Tensor;
type Nested = number | string | Nested[] | { [key: string]: Nested };
type Given = Record<string, number | number[] | number[][]>;
type Class = "Normal" | "Categorical" | "Dirichlet";

interface Case {
  class: Class;
  given: Given;
  values: number | number[];
  batch_shape: number[];
  event_shape: number[];
  text: string;
  of: Record<string, Nested>;
}
const { cases, divergences } = JSON.parse(
  readFileSync(new URL("../goldens/distributions.json", import.meta.url), "utf8"),
) as { cases: Case[]; divergences: { class: Class; p: Given; q: Given; kl: Nested }[] };

const floats = { dtype: torch.float32 };
const tensors = (given: Given, requires_grad = false): Record<string, Tensor | number> =>
  Object.fromEntries(
    Object.entries(given).map(([key, each]) => [
      key,
      Array.isArray(each) ? torch.tensor(each as number[], { ...floats, requires_grad }) : each,
    ]),
  );
const make = (name: Class, given: object): torch.distributions.Distribution =>
  new (D[name] as unknown as new (given: object) => torch.distributions.Distribution)(given);

function close(found: Nested, expected: Nested, path: string): void {
  if (typeof expected === "number") {
    // float32, through logarithms of gamma functions and their derivatives.
    expect(Math.abs((found as number) - expected), `${path}: ${found} and ${expected}`).toBeLessThanOrEqual(
      2e-5 * Math.max(1, Math.abs(expected)),
    );
  } else if (typeof expected === "string")
    expect(`${found}`.replace("Infinity", "inf").replace("NaN", "nan"), path).toBe(expected);
  else {
    expect((found as Nested[]).length, path).toBe((expected as Nested[]).length);
    for (const [i, each] of (expected as Nested[]).entries())
      close((found as Nested[])[i] as Nested, each, `${path}.${i}`);
  }
}

describe("values and gradients", () => {
  for (const each of cases)
    test(`${each.text} of ${Object.keys(each.given)}`, async () => {
      const own = make(each.class, tensors(each.given));
      expect([own.batch_shape, own.event_shape, `${own}`]).toEqual([each.batch_shape, each.event_shape, each.text]);
      const value = torch.tensor(each.values as number[], ["Categorical"].includes(each.class) ? {} : floats);
      const levels = torch.tensor([0.1, 0.5, 0.8]).reshape(3, ...own.batch_shape.map(() => 1));
      const { gradients, ...rest } = each.of as Record<string, Nested> & { gradients: Record<string, Nested> };
      const of: Record<string, () => Tensor> = {
        log_prob: () => own.log_prob(value),
        cdf: () => own.cdf(value),
        icdf: () => own.icdf(levels),
        entropy: () => own.entropy(),
        perplexity: () => own.perplexity(),
        ...Object.fromEntries((["mean", "variance", "stddev", "mode"] as const).map((name) => [name, () => own[name]])),
      };
      for (const [name, compute] of Object.entries(of)) {
        const expected = rest[name];
        if (expected === undefined) expect(compute, `${name}: PyTorch has none`).toThrow(UnsupportedError);
        else close((await compute().tolist()) as Nested, expected, name);
      }
      const tracked = tensors(each.given, true);
      const density = make(each.class, tracked).log_prob(value).sum();
      if (density.requires_grad) density.backward();
      for (const [name, expected] of Object.entries(gradients))
        close((await (tracked[name] as Tensor).grad?.tolist()) as Nested, expected, `gradient of ${name}`);
    });
});

describe("kl_divergence", () => {
  for (const each of divergences)
    test(each.class, async () => {
      const [p, q] = [make(each.class, tensors(each.p)), make(each.class, tensors(each.q))];
      close((await D.kl_divergence(p, q).tolist()) as Nested, each.kl, "kl");
    });
  test("of independent parts, and of two that have none", async () => {
    const [p, q] = [new D.Normal(torch.zeros(3), 1), new D.Normal(torch.ones(3), 1)];
    const whole = D.kl_divergence(new D.Independent(p, 1), new D.Independent(q, 1));
    expect(await whole.item()).toBeCloseTo(1.5, 5);
    expect(() => D.kl_divergence(p, new D.Laplace(0, 1))).toThrow(UnsupportedError);
  });
});

describe("samples", () => {
  const drawn: [string, () => torch.distributions.Distribution][] = [
    ["Normal", () => new D.Normal(0.5, 2)],
    ["LogNormal", () => new D.LogNormal(0, 0.25)],
    ["Laplace", () => new D.Laplace(1, 0.5)],
    ["Gumbel", () => new D.Gumbel(1, 0.5)],
    ["HalfNormal", () => new D.HalfNormal(2)],
    ["Uniform", () => new D.Uniform(-1, 2)],
    ["Exponential", () => new D.Exponential(2)],
    ["Gamma", () => new D.Gamma(3, 2)],
    ["Beta", () => new D.Beta(2, 3)],
    ["Poisson", () => new D.Poisson(4)],
    ["Bernoulli", () => new D.Bernoulli({ probs: 0.25 })],
    ["Geometric", () => new D.Geometric({ probs: 0.4 })],
    ["Dirichlet", () => new D.Dirichlet(torch.tensor([1, 2, 3], floats))],
    ["OneHotCategorical", () => new D.OneHotCategorical(torch.tensor([1, 2, 1], floats))],
    [
      "MultivariateNormal",
      () =>
        new D.MultivariateNormal(
          torch.zeros(2),
          torch.tensor([
            [2, 0.5],
            [0.5, 1],
          ]),
        ),
    ],
  ];
  test.each(drawn)("of %s have its mean and variance", async (_, build) => {
    torch.manual_seed(1);
    const own = build();
    const x = own.sample([4000]);
    expect(x.shape).toEqual([4000, ...own.batch_shape, ...own.event_shape]);
    const [mean, variance, deviation] = await Promise.all(
      [x.mean(0), x.var(0), own.stddev].map(async (each) => [await each.tolist()].flat() as number[]),
    );
    const [ours, spread] = await Promise.all(
      [own.mean, own.variance].map(async (each) => [await each.tolist()].flat() as number[]),
    );
    for (const [i, value] of (mean as number[]).entries()) {
      // Five standard errors of 4000 draws; variances have heavier tails.
      expect(Math.abs(value - (ours?.[i] as number))).toBeLessThan((5 * (deviation?.[i] as number)) / Math.sqrt(4000));
      expect(Math.abs((variance?.[i] as number) / (spread?.[i] as number) - 1)).toBeLessThan(0.2);
    }
  });

  test("of classes come as often as they are likely", async () => {
    const own = new D.Categorical(
      torch.tensor(
        [
          [1, 3],
          [2, 0],
        ],
        floats,
      ),
    );
    const x = own.sample([2000]);
    expect([x.shape, `${x.dtype}`]).toEqual([[2000, 2], "torch.int64"]);
    const [first, second] = (await x.to(torch.float32).mean(0).tolist()) as [number, number];
    expect(Math.abs(first - 0.75)).toBeLessThan(0.05);
    expect(second).toBe(0);
  });

  test("rsample has gradients by what it may, and the others say so", async () => {
    const [loc, scale] = [torch.zeros(2, { requires_grad: true }), torch.ones(2, { requires_grad: true })];
    const x = new D.Normal(loc, scale).rsample([3]);
    x.sum().backward();
    expect(await loc.grad?.tolist()).toEqual([3, 3]);
    close((await scale.grad?.tolist()) as Nested, (await x.sum(0).tolist()) as Nested, "scale");
    expect(new D.Normal(loc, scale).sample().requires_grad).toBe(false);
    expect(() => new D.Gamma(scale, 1).rsample()).toThrow(UnsupportedError);
    expect(new D.Gamma(2, scale).rsample().requires_grad).toBe(true);
    const coin = new D.Bernoulli({ probs: 0.5 });
    expect(coin.has_rsample).toBe(false);
    expect(() => coin.rsample()).toThrow(UnsupportedError);
  });

  test("Independent", async () => {
    const base = new D.Normal(torch.zeros(2, 3), 1);
    const own = new D.Independent(base, 1);
    expect([own.batch_shape, own.event_shape, own.sample([4]).shape]).toEqual([[2], [3], [4, 2, 3]]);
    expect(own.log_prob(torch.zeros(2, 3)).shape).toEqual([2]);
    close((await own.entropy().tolist()) as Nested, [4.256816, 4.256816], "entropy");
    expect(`${own}`).toBe("Independent(Normal(loc: torch.Size([2, 3]), scale: torch.Size([2, 3])), 1)");
  });

  test("REINFORCE: gradients of log_prob of a drawn class", async () => {
    const logits = torch.zeros(3, { requires_grad: true });
    const policy = new D.Categorical({ logits });
    const action = policy.sample();
    policy.log_prob(action).neg().backward();
    const at = (await action.item()) as number;
    const expected = [0, 1, 2].map((i) => 1 / 3 - (i === at ? 1 : 0));
    close((await logits.grad?.tolist()) as Nested, expected, "gradient");
  });
});

const mistakes: Record<string, [() => unknown, RegExp]> = {
  "a scale below 0": [
    () => new D.Normal(0, -1),
    /Expected parameter scale \(Tensor of shape \(\)\) of distribution Normal\(loc: 0.0, scale: -1.0\) to satisfy the constraint GreaterThan\(lower_bound=0.0\), but found invalid values:\n-1.0/,
  ],
  "no probabilities": [() => new D.Bernoulli(), /Either `probs` or `logits` must be specified, but not both/],
  both: [() => new D.Categorical(torch.ones(2), torch.ones(2)), /but not both/],
  "a probability above 1": [() => new D.Bernoulli(2), /Expected parameter probs/],
  "one class": [() => new D.Categorical(torch.tensor(1)), /must be at least one-dimensional/],
  "an empty range": [() => new D.Uniform(1, 0), /LessThan\(upper_bound=0.0\)/],
  "a value outside": [() => new D.Bernoulli(0.5).log_prob(torch.tensor(0.5)), /within the support \(Boolean\(\)\)/],
  "a number as a value": [() => new D.Normal(0, 1).log_prob(3 as never), /value: expected a Tensor/],
  "shapes that do not fit": [() => new D.Normal(torch.zeros(2), torch.ones(3)), /cannot be broadcast/],
  "two matrices": [() => new D.MultivariateNormal(torch.zeros(2), torch.eye(2), torch.eye(2)), /Exactly one of/],
  "a matrix of another size": [
    () => new D.MultivariateNormal(torch.zeros(2), torch.eye(3)),
    /at least two-dimensional/,
  ],
  "too many dimensions": [() => new D.Independent(new D.Normal(0, 1), 1), /reinterpreted_batch_ndims/],
  "a base class": [() => new D.Distribution().sample(), /NotImplementedError/],
};
test.each(Object.entries(mistakes))("%s is refused", (_, [body, sentence]) => {
  expect(body).toThrow(sentence);
  expect(body).toThrow(FacetError);
});
test("validate_args false lets parameters pass", () => {
  expect(() => new D.Normal(0, -1, { validate_args: false })).not.toThrow();
  expect(() => new D.Normal(0, "1" as never)).toThrow(ArgumentError);
});
