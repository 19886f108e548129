// Ten steps of every optimiser as PyTorch, Keras and optax take them, one call at a time and as a captured step.
import * as F from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const STEPS = 10;
// biome-ignore lint/suspicious/noExplicitAny: names and arguments come from the file.
type Any = any;
type Values = readonly Float32Array[];
/** Makes parameters and an optimiser of a case; gives what takes a step with gradients and tells the parameters then. */
type Stepper = (row: GoldenCase) => (gradients: Values) => Promise<Values>;

const shapesOf = (row: GoldenCase) => ["p0", "p1"].map((name) => row.tensor(name).shape);
const read = async (tensors: readonly { data(): Promise<unknown> }[]): Promise<Values> =>
  (await Promise.all(tensors.map((each) => each.data()))) as Values;

const torchStepper =
  (captured: boolean): Stepper =>
  (row) => {
    const tensorOf = (values: Float32Array, i: number) =>
      torch.tensor(values).reshape(shapesOf(row)[i] as number[]) as torch.Tensor;
    const parameters = [0, 1].map((i) => new torch.nn.Parameter(tensorOf(row.floats(`p${i}`), i)));
    const optimizer = new (torch.optim as Any)[row.params.fn](parameters, row.params.options);
    const plain = (...gradients: torch.Tensor[]): void => {
      for (const [i, parameter] of parameters.entries()) parameter.grad = gradients[i] as torch.Tensor;
      optimizer.step();
    };
    const step = captured ? torch.compile(plain) : plain;
    return async (gradients) => {
      step(...gradients.map(tensorOf));
      return read(parameters.map(({ core }) => core));
    };
  };

const kerasStepper =
  (captured: boolean): Stepper =>
  (row) => {
    const tensorOf = (values: Float32Array, i: number) =>
      keras.ops.reshape(keras.ops.convert_to_tensor(values), shapesOf(row)[i] as number[]);
    const variables = [0, 1].map((i) => new keras.Variable(tensorOf(row.floats(`p${i}`), i)));
    const optimizer = new (keras.optimizers as Any)[row.params.fn](row.params.options);
    if (row.name.startsWith("exclude")) optimizer.exclude_from_weight_decay(variables.slice(0, 1));
    optimizer.build(variables);
    const plain = (...gradients: F.Tensor[]): void =>
      optimizer.apply_gradients(gradients.map((g, i) => [new keras.Tensor(g), variables[i]]));
    const step = captured ? F.capture(plain) : plain;
    return async (gradients) => {
      step(...gradients.map((values, i) => tensorOf(values, i).core));
      return read(variables.map(({ core }) => core));
    };
  };

const jaxStepper =
  (captured: boolean): Stepper =>
  (row) => {
    const arrayOf = (values: Float32Array, i: number) => jax.numpy.array(values).reshape(shapesOf(row)[i] as number[]);
    let params: Any = [0, 1].map((i) => arrayOf(row.floats(`p${i}`), i));
    const transform = (jax.optax as Any)[row.params.fn](row.params.options);
    let state = transform.init(params);
    const plain = (g: Any, s: Any, p: Any): Any => {
      const [updates, next] = transform.update(g, s, p);
      return [jax.optax.apply_updates(p, updates), next];
    };
    const step = captured ? jax.jit(plain) : plain;
    return async (gradients) => {
      [params, state] = step(gradients.map(arrayOf), state, params);
      return read(params);
    };
  };

async function holds(row: GoldenCase, stepper: Stepper): Promise<Values> {
  const step = stepper(row);
  let found: Values = [];
  for (let i = 0; i < STEPS; i++) {
    const part = (name: string): Float32Array => {
      const all = row.floats(name);
      return all.slice((i * all.length) / STEPS, ((i + 1) * all.length) / STEPS);
    };
    found = await step([part("g0"), part("g1")]);
    for (const [j, values] of found.entries())
      expectClose(values, part(`y${j}`), {
        rtol: 1e-5,
        atol: 1e-5,
        label: `${row.name}, parameter ${j}, step ${i + 1}`,
      });
  }
  return found;
}

describe.each([
  ["torch", torchStepper],
  ["keras", kerasStepper],
  ["jax", jaxStepper],
] as const)("%s", (dialect, stepper) => {
  const rows = loadGolden(`${dialect}_optimizer_steps`).cases.filter((row) => !row.params.fn.startsWith("contrib."));
  test.each(rows)("$name", async (row) => {
    expect(rows.length).toBeGreaterThan(10);
    const eager = await holds(row, stepper(false));
    expect(await holds(row, stepper(true))).toEqual(eager);
  });
});

const optaxScheduleFree = (parameters: F.Tensor[], { learning_rate, b1, weight_decay }: Any) =>
  new F.FlatOptimizer(F.scheduleFreeSgd, parameters, { lr: learning_rate, beta1: b1, weightDecay: weight_decay });

/** Matrices map rows to columns, and what is no matrix is AdamW's. */
const optaxMuon = (parameters: F.Tensor[], options: Any) => {
  const { learning_rate, beta = 0.95, ns_steps = 5, nesterov = true, weight_decay = 0, consistent_rms } = options;
  const settings: F.MuonSettings = {
    lr: learning_rate,
    momentum: beta,
    nesterov,
    average: "optax",
    eps: 1e-8,
    epsMode: "added",
    steps: ns_steps,
    scale: (rows, columns) =>
      consistent_rms ? consistent_rms * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, columns / rows)),
    weightDecay: weight_decay,
    adam: {
      lr: learning_rate,
      beta1: options.adam_b1 ?? 0.9,
      weightDecay: options.adam_weight_decay ?? 0,
      decayMode: "decoupled",
    },
  };
  return new F.Muon(parameters, settings, { orthogonal: parameters.map(({ shape }) => shape.length === 2) });
};

/** optax.contrib has no dialect: the core's optimisers themselves. */
test.each(loadGolden("jax_optimizer_steps").cases.filter((row) => row.params.fn.startsWith("contrib.")))(
  "the core's $name",
  async (row) => {
    const { options } = row.params;
    await holds(row, () => {
      const tensorOf = (values: Float32Array, i: number) => F.fromData(values, shapesOf(row)[i] as number[]);
      const parameters = [0, 1].map((i) => F.variable(tensorOf(row.floats(`p${i}`), i)));
      const optimizer =
        row.params.fn === "contrib.muon" ? optaxMuon(parameters, options) : optaxScheduleFree(parameters, options);
      return async (gradients) => {
        optimizer.step(gradients.map(tensorOf));
        return read(parameters);
      };
    });
  },
);
