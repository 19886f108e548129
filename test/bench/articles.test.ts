// The programs of the articles: each is run on a few images, and held to what its article says of parameters and steps.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ImageDataset, type ImageSplit, loadDataset } from "@facet/datasets";
import { example_libraries, numpy as jnp } from "@facet/shims-jax";
import { expectClose, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";
import {
  articleNetworks,
  articlePrograms,
  type NetworkName,
  type RunRecord,
  record,
} from "../../examples/articles/index.js";

const folder = fileURLToPath(new URL("../../examples/articles/", import.meta.url));

/** Images of a shape of our choice, of noise: what a network does with them matters to no test. */
function noise(count: number, testCount: number, height: number, width: number, channels: number): ImageDataset {
  const split = (count: number): ImageSplit => ({
    images: Uint8Array.from(
      { length: count * height * width * channels },
      (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
    ),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    ...{ count, height, width, channels, layout: "NHWC" },
  });
  const classes = Array.from({ length: 10 }, (_, i) => `${i}`);
  return { name: "digits", train: split(count), test: split(testCount), classes };
}

/** Few images, since the larger networks take seconds per batch without a GPU; the last batch is short. */
const DATA: Record<NetworkName, () => Promise<ImageDataset>> = {
  mnist_cnn: () => loadDataset("digits", { limit: 150, testLimit: 20 }),
  fashion_5x5: () => loadDataset("digits", { limit: 12, testLimit: 8 }),
  cifar10_cnn: async () => noise(132, 20, 32, 32, 3),
};

/** Images that fit trains on, of `count`: Keras' programs of the first network keep the last tenth back. */
const trainedOn = (name: string, count: number): number =>
  /^mnist_cnn\/keras/.test(name) ? Math.floor(count * 0.9) : count;

const names = Object.keys(articlePrograms);

describe.each(names)("%s", (name) => {
  const { network, load } = articlePrograms[name]!;

  test("trains and tells what it does", async () => {
    const data = await DATA[network]();
    const epochs = 2;
    const result: RunRecord = await record(await load(), { data, epochs, seed: 3 });

    expect(result.parameters).toBe(articleNetworks[network].parameters);
    expect(result.losses).toHaveLength(epochs * Math.ceil(trainedOn(name, data.train.count) / 128));
    expect(result.losses.every(Number.isFinite)).toBe(true);
    expect(result.losses[0]).not.toBe(result.losses.at(-1));
    expect(result.epochs).toHaveLength(epochs);
    for (const phase of ["build", "train", "predict"] as const) expect(result.phases[phase]).toBeGreaterThan(0);
    expect((result.accuracy * data.test.count) % 1).toBeCloseTo(0, 4);
    if (result.loss !== undefined) expect(result.loss).toBeGreaterThan(0);
  });
});

test("every program is listed, and has the original's beside it", () => {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(`${folder}${name}`).map((file) => `${name}/${file}`));
  expect(files.sort()).toEqual(names.flatMap((name) => [`${name}.py`, `${name}.ts`]).sort());
});

describe("as printed and as intended differ in what is said to be wrong, and in no other line", () => {
  /** Lines of code that only one of two files has. */
  function differences(one: string, other: string): string[][] {
    const lines = [one, other].map((file) =>
      readFileSync(`${folder}cifar10_cnn/${file}`, "utf8")
        .split("\n")
        .filter((line) => !/^(\/\/|#)/.test(line))
        .map((line) => line.trim()),
    ) as [string[], string[]];
    return [lines, [...lines].reverse()].map(([own, others]) => own!.filter((line) => !others!.includes(line)));
  }

  test.each([
    [
      "jax.ts",
      [
        "return log_likelihood.sum({ axis: 1 }).mean().neg();",
        "(i * batches(train.count) + batch, gradients, opt_state)",
      ],
      ["return log_likelihood.mean().neg();", "(i, gradients, opt_state)"],
    ],
    [
      "jax.py",
      ["return -log_likelihood.sum(axis=1).mean()", "(i * batches(len(train[0])) + batch, gradients, opt_state)"],
      ["return -log_likelihood.mean()", "(i, gradients, opt_state)"],
    ],
    [
      "keras.ts",
      ['= load(train).astype("float32").div(255);', '= load(test).astype("float32").div(255);'],
      ["= load(train);", "= load(test);"],
    ],
    ["keras.py", ['= x_train.astype("float32") / 255, x_test.astype("float32") / 255'], []],
  ])("%s", (file, intended, printed) => {
    const found = differences(file, file.replace(".", "_as_printed."));
    for (const [i, expected] of [intended, printed].entries())
      expect(found[i]).toEqual(expected.map((part) => expect.stringContaining(part)));
  });
});

describe("from the command line", () => {
  function start(...args: string[]) {
    const run = ["--import", "tsx", `${folder}mnist_cnn/tape.ts`, ...args];
    return spawnSync(process.execPath, run, { cwd: folder, encoding: "utf8", timeout: 100_000 });
  }

  test.each([
    ["--limit: expected a whole number of at least 1", ["--limit", "0"]],
    ["--data: expected mnist, fashion-mnist, cifar10, digits", ["--data", "imagenet"]],
    ["Unknown option '--bogus'", ["--bogus"]],
  ])("a mistake is named: %s", (message, args) => {
    const { status, stdout, stderr } = start(...args);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, ""]);
  });

  test("a program runs alone, and says what it found", () => {
    const { status, stdout } = start("--data", "digits", "--limit", "130", "--test-limit", "20");
    expect(status).toBe(0);
    expect(stdout).toContain("34826 parameters; 130 images of digits");
    expect(stdout).toMatch(/2 steps, the first \d+ ms/);
    expect(stdout).toMatch(/test accuracy [\d.]+ % of 20 images/);
  });
});

describe("JAX' programs have the losses of JAX itself, which draws the same numbers", () => {
  const golden = loadGolden("articles");

  test.each(golden.cases.map((one) => [one.name, one] as const))("%s", async (name, { params }) => {
    const [height, width, channels = 1] = params.shape;
    const data = noise(params.train, params.test, height, width, channels);
    const { epochs, seed } = params as { epochs: number; seed: number };
    const { losses } = await record(await articlePrograms[name]!.load(), { data, epochs, seed });
    // Sums are taken in another order, which Adam's first steps amplify.
    expectClose(losses, golden.case(name).floats("losses"), { rtol: 2e-6, atol: 0 });
  });
});

/** Mean way that a parameter goes in a step of each of 5 epochs of 391 steps, in units of the learning rate, the gradient being 1. */
async function meanSteps(index: (epoch: number, step: number) => number): Promise<number[]> {
  const [opt_init, opt_update, get_params] = example_libraries.optimizers.adam(1);
  const grads = [jnp.array([1])];
  let state = opt_init([jnp.array([0])]);
  const places = [0];
  for (let epoch = 0; epoch < 5; epoch++) {
    for (let step = 0; step < 391; step++) state = opt_update(index(epoch, step), grads, state);
    places.push(-(await get_params(state)[0].item()));
  }
  return places.slice(1).map((place, epoch) => (place - places[epoch]!) / 391);
}

describe("JAX's adam corrects biases for the index it is given", () => {
  test("that of the epoch, as printed: steps shrink", async () => {
    const steps = await meanSteps((epoch) => epoch);
    expect(steps.map((step) => step.toFixed(3))).toEqual(["0.905", "0.357", "0.257", "0.213", "0.190"]);
  });

  test("that of the step, as intended: every step is as long as the learning rate", async () => {
    const steps = await meanSteps((epoch, step) => 391 * epoch + step);
    for (const step of steps) expect(step).toBeCloseTo(1, 4);
  });
});
