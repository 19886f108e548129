// Fused optimisers against PyTorch's own, over several steps, and variant against variant.
import {
  adam,
  type BindingSpec,
  type BufferView,
  type OptimizerRow,
  openDevice,
  optimizerConstants,
  optimizerForm,
  optimizerParams,
  optimizerStep,
  STATE_BINDINGS,
  sgd,
  type Views,
} from "@facet/kernels-wgsl";
import { createRandom, expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

const device = await openDevice();
afterAll(() => device.close());

function upload(data: Float32Array): BufferView {
  const view = { block: device.allocate(data.byteLength, "test"), offset: 0, bytes: data.byteLength };
  device.queue.write(view, data);
  return view;
}

const download = async (view: BufferView) => new Float32Array(await device.read(view));

// biome-ignore lint/suspicious/noExplicitAny: settings are those of the row.
type Row = OptimizerRow<any, any>;
type Settings = { lr: number } & Record<string, unknown>;

/** One step of a row; states are by name. */
function run(row: Row, views: Record<string, BufferView>, settings: Settings, step: number, variant?: string): void {
  const form = optimizerForm(row, settings);
  const { p, g } = views as { p: BufferView; g: BufferView };
  const states = form.states.map((name, i) => [STATE_BINDINGS[i], views[name]]);
  device.run(
    optimizerStep,
    { p, g, ...Object.fromEntries(states) } as Views<Record<string, BindingSpec>> as never,
    optimizerParams(row, settings, { step, count: p.bytes / 4 }),
    { constants: optimizerConstants(form), ...(variant && { variant }) },
  );
}

/** torch's keyword arguments as the core's settings. */
function settingsOf(fn: string, given: GoldenCase["params"]): Settings {
  const { lr, betas = [], weight_decay = fn === "AdamW" ? 0.01 : 0, ...same } = given;
  return {
    lr: lr ?? 1e-3,
    ...(betas.length === 2 ? { beta1: betas[0], beta2: betas[1] } : {}),
    weightDecay: weight_decay,
    decayMode: fn === "AdamW" ? "decoupled" : "l2",
    ...same,
  };
}

describe("steps as PyTorch makes them", () => {
  test.each([...loadGolden("optimisers").cases])("$name", async (row) => {
    const { fn, options, steps } = row.params;
    for (const name of ["0", "1"]) {
      const start = row.floats(`p${name}`);
      const zeros = () => upload(new Float32Array(start.length));
      const p = upload(start);
      const state: Record<string, BufferView> =
        fn === "SGD" ? { velocity: zeros() } : { m: zeros(), v: zeros(), vmax: zeros() };
      for (let step = 1; step <= steps; step++) {
        const range = [(step - 1) * start.length, step * start.length] as const;
        const g = upload(row.floats(`g${name}`).slice(...range));
        run(fn === "SGD" ? sgd : adam, { p, g, ...state }, settingsOf(fn, options), step);
        // Each step rounds a few times at the size of the weights, and Adam's quotient at the size of the rate.
        expectClose(await download(p), row.floats(`y${name}`).slice(...range), {
          rtol: 4e-7 * step,
          atol: 4e-7 * step,
          label: `${row.name}, parameter ${name}, step ${step}`,
        });
        device.free(g.block);
      }
      for (const view of [p, ...Object.values(state)]) device.free(view.block);
    }
  });
});

describe("four at a time gives the bits of one at a time", () => {
  const random = createRandom(5);
  const count = 4096;
  const data = {
    p: random.normal(count),
    g: random.normal(count),
    m: random.normal(count),
    v: random.uniform(count, 0, 1e-3),
    vmax: random.uniform(count, 0, 1e-3),
    velocity: random.normal(count),
  };
  const rows: [string, Row, Settings][] = [
    ["adam", adam, { lr: 0.01, weightDecay: 0.1, amsgrad: true }],
    ["adam, keras", adam, { lr: 0.01, weightDecay: 0.1, decayMode: "keras", epsMode: "keras" }],
    ["adam, root", adam, { lr: 0.01, weightDecay: 0.1, decayMode: "decoupled", epsMode: "root" }],
    ["sgd", sgd, { lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.1 }],
    ["sgd, keras", sgd, { lr: 0.01, momentum: 0.9, nesterov: true, velocityMode: "keras" }],
  ];
  test.each(rows)("%s", async (_, row, settings) => {
    const results: Float32Array[][] = [];
    for (const variant of ["vec4", "scalar"]) {
      const names = ["p", "g", ...optimizerForm(row, settings).states] as (keyof typeof data)[];
      const views = Object.fromEntries(names.map((name) => [name, upload(data[name])]));
      run(row, views, settings, 7, variant);
      const values: Float32Array[] = [];
      for (const name of names) values.push(await download(views[name] as BufferView));
      results.push(values);
      for (const view of Object.values(views)) device.free(view.block);
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.[0]).not.toEqual(data.p);
  });
});

test("a product is rounded before it meets the weight, as when the update is computed by another kernel", async () => {
  const random = createRandom(6);
  const count = 4096;
  const [weights, gradients] = [random.normal(count), random.normal(count)];
  const [p, g] = [upload(weights), upload(gradients)];
  run(sgd, { p, g }, { lr: 0.1 }, 1);
  const { fround } = Math;
  const expected = weights.map((w, i) => w - fround((gradients[i] as number) * fround(0.1)));
  expect(await download(p)).toEqual(expected);
  for (const view of [p, g]) device.free(view.block);
});
