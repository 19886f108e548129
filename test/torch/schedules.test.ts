// Schedules of learning rates against PyTorch's own (test/goldens/generate_schedules.py), their state, mistakes, and compiled steps.
import { readFileSync } from "node:fs";
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test, vi } from "vitest";

const { nn, optim } = torch;
const { lr_scheduler } = optim;
type Optimizer = torch.optim.SGD | torch.optim.Adam;
type Schedule = torch.optim.lr_scheduler.LRScheduler;
type Made = [name: string, keywords: Record<string, unknown>];

interface Case {
  name: string;
  optimizer: "SGD" | "Adam";
  lrs: number[];
  make: Made;
  steps: number[][];
  rates: number[][];
  momenta: number[][];
  last: number[];
  state: Record<string, unknown>;
}
const { cases } = JSON.parse(readFileSync(new URL("../goldens/schedules.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const groups = (lrs: readonly number[]) => lrs.map((lr) => ({ params: [new nn.Parameter(torch.ones(1))], lr }));
const optimizerOf = ({ optimizer, lrs }: Pick<Case, "optimizer" | "lrs">): Optimizer =>
  optimizer === "SGD" ? new optim.SGD(groups(lrs), { lr: 1e-3, momentum: 0.9 }) : new optim.Adam(groups(lrs));

function build(optimizer: Optimizer, [name, keywords]: Made): Schedule {
  const value = (key: string, each: unknown): unknown => {
    if (key === "schedulers") return (each as Made[]).map((inner) => build(optimizer, inner));
    if (Array.isArray(each)) return each.map((inner) => value(key, inner));
    if (typeof each !== "object" || each === null) return each;
    const { power } = each as { power: number };
    return (epoch: number) => power ** epoch;
  };
  const given = Object.fromEntries(Object.entries(keywords).map(([key, each]) => [key, value(key, each)]));
  const Class = lr_scheduler[name as "StepLR"] as unknown as new (given: object) => Schedule;
  return new Class(name === "ChainedScheduler" ? given : { ...given, optimizer });
}

const ratesOf = (optimizer: Optimizer): number[] => optimizer.param_groups.map((group) => group.lr);
const momentaOf = (optimizer: Optimizer): number[] =>
  optimizer.param_groups.map((group) => ("betas" in group ? group.betas[0] : group.momentum));

/** Numbers with 12 digits: cosines of two libraries end differently. */
const rounded = (value: unknown): unknown => {
  if (typeof value === "number")
    return Number.isFinite(value) ? Number(value.toPrecision(12)) : `${value > 0 ? "" : "-"}inf`;
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]));
};

const quietly = <T>(body: () => T): [T, string[]] => {
  const texts: string[] = [];
  const spy = vi.spyOn(console, "warn").mockImplementation((text: string) => void texts.push(text));
  try {
    return [body(), texts];
  } finally {
    spy.mockRestore();
  }
};

describe("rates, momenta and state", () => {
  for (const each of cases)
    test(`${each.name} of ${each.optimizer}`, () => {
      const optimizer = optimizerOf(each);
      const [schedule] = quietly(() => build(optimizer, each.make));
      const [rates, momenta] = [[ratesOf(optimizer)], [momentaOf(optimizer)]];
      const half = Math.floor(each.steps.length / 2);
      let saved: object | undefined;
      for (const [i, given] of each.steps.entries()) {
        if (i === half) saved = structuredClone({ own: schedule.state_dict(), rates: ratesOf(optimizer) });
        optimizer.step();
        quietly(() => schedule.step(...(given as [number])));
        rates.push(ratesOf(optimizer));
        momenta.push(momentaOf(optimizer));
      }
      expect(rounded(rates)).toEqual(rounded(each.rates));
      expect(rounded(momenta)).toEqual(rounded(each.momenta));
      expect(rounded(schedule.get_last_lr())).toEqual(rounded(each.last));
      expect(rounded(schedule.state_dict())).toEqual(rounded(each.state));

      // Loaded into another, the state goes on where it was saved.
      const other = optimizerOf(each);
      const [again] = quietly(() => build(other, each.make));
      const { own, rates: at } = saved as { own: Record<string, unknown>; rates: number[] };
      again.load_state_dict(own);
      for (const [i, group] of other.param_groups.entries()) group.lr = at[i] as number;
      for (const given of each.steps.slice(half)) quietly(() => again.step(...(given as [number])));
      expect(rounded(ratesOf(other))).toEqual(rounded(each.rates.at(-1)));
    });
});

const one = () => new optim.SGD([new nn.Parameter(torch.tensor([1.5]))], { lr: 0.5 });

test("steps in the wrong order, epochs and get_lr() warn once each", () => {
  const optimizer = one();
  const schedule = new lr_scheduler.StepLR(optimizer, 2);
  expect(quietly(() => schedule.step())[1]).toEqual([expect.stringMatching(/^UserWarning: Detected call of/)]);
  expect(quietly(() => schedule.step())[1]).toEqual([]);
  expect(quietly(() => schedule.step(4))[1]).toEqual([expect.stringMatching(/epoch parameter .* deprecated/)]);
  expect(quietly(() => schedule.get_lr())[1]).toEqual([expect.stringMatching(/get_last_lr/)]);
  const orderly = new lr_scheduler.StepLR(optimizer, 2);
  optimizer.step();
  expect(quietly(() => orderly.step())[1]).toEqual([]);
});

test("a schedule of one's own overrides get_lr", () => {
  class Halving extends lr_scheduler.LRScheduler {
    override get_lr(): number[] {
      return this.base_lrs.map((base) => base / 2 ** this.last_epoch);
    }
  }
  const optimizer = one();
  const schedule = new Halving(optimizer);
  optimizer.step();
  schedule.step();
  expect([optimizer.param_groups[0]?.lr, schedule.get_last_lr()]).toEqual([0.25, [0.25]]);
  class Lost extends lr_scheduler.LRScheduler {
    factor = 2;
    override get_lr(): number[] {
      return this.base_lrs.map((base) => base * this.factor);
    }
  }
  expect(() => new Lost(one())).toThrow(/Lost: get_lr: expected a finite rate/);
  expect(() => new lr_scheduler.LRScheduler(one())).toThrow(UnsupportedError);
});

test("a run that goes on begins with last_epoch and the optimizer's state", () => {
  const optimizer = one();
  const schedule = new lr_scheduler.ExponentialLR(optimizer, 0.5);
  optimizer.step();
  schedule.step();
  const other = one();
  expect(() => new lr_scheduler.ExponentialLR(other, { gamma: 0.5, last_epoch: 0 })).toThrow(
    /'initial_lr' is not specified/,
  );
  other.load_state_dict(optimizer.state_dict());
  expect(new lr_scheduler.ExponentialLR(other, { gamma: 0.5, last_epoch: 0 }).base_lrs).toEqual([0.5]);
  const grouped = new optim.SGD([{ params: [new nn.Parameter(torch.ones(1))], initial_lr: 0.25 } as never], {
    lr: 0.5,
  });
  expect(new lr_scheduler.ExponentialLR(grouped, 0.5, 3).base_lrs).toEqual([0.25]);
});

const mistakes: Record<string, [() => unknown, RegExp]> = {
  "no optimizer": [() => new lr_scheduler.StepLR({} as never, 2), /optimizer: expected/],
  "lambdas for other groups": [
    () => new lr_scheduler.LambdaLR(one(), [(i) => i, (i) => i]),
    /Expected 1 lr_lambdas, but got 2/,
  ],
  "no lambda": [() => new lr_scheduler.MultiplicativeLR(one(), 2 as never), /lr_lambda: expected a function/],
  "a factor above 1": [() => new lr_scheduler.ConstantLR(one(), 2), /expected to be between 0 and 1/],
  "a line from 0": [() => new lr_scheduler.LinearLR(one(), 0), /Starting multiplicative factor/],
  "a line beyond 1": [() => new lr_scheduler.LinearLR(one(), { end_factor: 2 }), /Ending multiplicative factor/],
  "steps of size 0": [() => new lr_scheduler.StepLR(one(), 0), /modulo by zero/],
  "no length": [() => new lr_scheduler.CosineAnnealingWarmRestarts(one(), 0), /Expected positive integer T_0/],
  "a shrinking cycle": [() => new lr_scheduler.CosineAnnealingWarmRestarts(one(), 2, 0), /T_mult >= 1/],
  "an unknown mode": [
    () => new lr_scheduler.CyclicLR(one(), 0.1, 1, { mode: "square" as never }),
    /mode: expected "triangular"/,
  ],
  "momentum that Rprop lacks": [
    () => new lr_scheduler.CyclicLR(new optim.Rprop([new nn.Parameter(torch.ones(1))]), 0.1, 1),
    /optimizer must support momentum or beta1/,
  ],
  "no number of steps": [() => new lr_scheduler.OneCycleLR(one(), 0.1), /You must define either total_steps OR/],
  "no steps": [() => new lr_scheduler.OneCycleLR(one(), 0.1, 0), /Expected positive integer total_steps/],
  "a long start": [() => new lr_scheduler.OneCycleLR(one(), 0.1, 3, { pct_start: 2 }), /between 0 and 1 pct_start/],
  "a growing plateau": [() => new lr_scheduler.ReduceLROnPlateau(one(), "min", 1), /Factor should be < 1.0/],
  "a tensor as a measure": [
    () => new lr_scheduler.ReduceLROnPlateau(one()).step(torch.tensor(1) as never),
    /metrics: expected a number \(of a tensor: await loss.item\(\)\)/,
  ],
  "an empty chain": [() => new lr_scheduler.ChainedScheduler([]), /at least one scheduler/],
  "a chain of two optimizers": [
    () => new lr_scheduler.ChainedScheduler([new lr_scheduler.StepLR(one(), 2), new lr_scheduler.StepLR(one(), 2)]),
    /belong to the same optimizer/,
  ],
  "a chained plateau": [
    () => new lr_scheduler.ChainedScheduler([new lr_scheduler.ReduceLROnPlateau(one())]),
    /does not support `ReduceLROnPlateau`/,
  ],
  "too many milestones": [
    () => {
      const optimizer = one();
      return new lr_scheduler.SequentialLR(optimizer, [new lr_scheduler.StepLR(optimizer, 2)], [1]);
    },
    /one more than the number of milestone points/,
  ],
  "more steps than a cycle has": [
    () => {
      const schedule = new lr_scheduler.OneCycleLR(one(), {
        max_lr: 0.1,
        total_steps: 1,
        pct_start: 1,
        cycle_momentum: false,
      });
      return quietly(() => [schedule.step(), schedule.step()]);
    },
    /finite rate|Tried to step/,
  ],
};
test.each(Object.entries(mistakes))("%s", (_, [body, sentence]) => {
  expect(body).toThrow(sentence);
  expect(body).toThrow(ArgumentError);
});

test("a compiled step takes the rate that the schedule has set, without being traced anew", async () => {
  const [weight] = [new nn.Parameter(torch.tensor([8.5]))];
  const optimizer = new optim.SGD([weight], { lr: 1 });
  const schedule = new lr_scheduler.ExponentialLR(optimizer, 0.5);
  let traces = 0;
  const step = torch.compile(() => {
    traces += 1;
    optimizer.zero_grad();
    weight.sum().backward();
    optimizer.step();
  });
  const seen: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    step();
    schedule.step();
    seen.push(await weight.tolist());
  }
  expect(seen).toEqual([[7.5], [7], [6.75], [6.625]]);
  expect(traces).toBeLessThan(4);
});

test("hooks of an optimizer run around its steps and its state, until they are removed", () => {
  const optimizer = one();
  const heard: string[] = [];
  const note = (what: string) => () => void heard.push(what);
  const handles = [
    optimizer.register_step_post_hook(note("after")),
    optimizer.register_step_pre_hook(note("before")),
    optimizer.register_state_dict_pre_hook(note("saving")),
    optimizer.register_state_dict_post_hook((_: object, state: object) => ({ ...state, extra: 1 })),
    optimizer.register_load_state_dict_pre_hook(note("loading")),
    optimizer.register_load_state_dict_post_hook(note("loaded 2")),
    optimizer.register_load_state_dict_post_hook(note("loaded 1"), true),
  ];
  expect(optimizer.step(() => 3)).toBe(3);
  const state = optimizer.state_dict();
  expect(state).toHaveProperty("extra", 1);
  optimizer.load_state_dict(state);
  expect(heard).toEqual(["before", "after", "saving", "loading", "loaded 1", "loaded 2"]);
  for (const handle of handles) handle.remove();
  optimizer.step();
  optimizer.state_dict();
  expect(heard).toHaveLength(6);
});
