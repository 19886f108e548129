// The bench's workloads: Facet's answers against plain loops, and the shape of the list itself.
import { setDevice } from "@facet/autograd";
import { type Device, openDevice } from "@facet/kernels-wgsl";
import { expectClose, loadGolden } from "@facet/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layersOf, stepFlops, weightShapes } from "../../benchmarks/src/models.js";
import { Facet } from "../../benchmarks/src/peers/facet.js";
import { onnxModel } from "../../benchmarks/src/peers/onnx_model.js";
import {
  type Peer,
  type Prepared,
  toChannelsFirst,
  toChannelsLast,
  toHwio,
  toOihw,
} from "../../benchmarks/src/peers/peer.js";
import { benchWorkload } from "../../benchmarks/src/peers.js";
import { referenceAnswer } from "../../benchmarks/src/reference.js";
import { tryPeer } from "../../benchmarks/src/try_peer.js";
import {
  adamWorkload,
  chooseWorkloads,
  convWorkload,
  crossEntropyWorkload,
  elementwiseWorkload,
  inputSpec,
  inputValues,
  matmulWorkload,
  networkWorkload,
  poolWorkload,
  stepWorkload,
  workloads,
} from "../../benchmarks/src/workloads.js";

const padded = { n: 2, h: 7, w: 6, c: 3, kernel: 3, o: 5, pad: 1 };
const valid = { n: 2, h: 8, w: 8, c: 4, kernel: 5, o: 4, pad: 0 };
const passes = ["forward", "backward_input", "backward_filter"] as const;

/** One of every kind, small enough for plain loops. */
const small = [
  matmulWorkload(12, 7, 5),
  matmulWorkload(12, 7, 5, "a"),
  matmulWorkload(12, 7, 5, "b"),
  matmulWorkload(16, 16, 16, "", { data: "host" }),
  ...passes.flatMap((pass) => [convWorkload(pass, padded), convWorkload(pass, valid)]),
  ...(["forward", "backward"] as const).flatMap((pass) => [
    poolWorkload(pass, 2, 6, 6, 4),
    poolWorkload(pass, 2, 7, 7, 3),
  ]),
  crossEntropyWorkload(7, 10),
  adamWorkload(1000),
  elementwiseWorkload("relu", 1000),
  elementwiseWorkload("add", 1000),
  stepWorkload("tiny", 5),
];

describe("Facet's answers are the reference's", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice();
    setDevice(device);
  });
  afterAll(() => device.close());

  for (const workload of small) {
    test(workload.name, async () => {
      const prepared = new Facet().prepare(workload);
      if ("lacking" in prepared) throw new Error(prepared.lacking);
      for (let call = 0; call < workload.calls; call++) await prepared.run();
      await prepared.finish();
      expectClose(await prepared.read(), referenceAnswer(workload), { ...workload.tolerance, label: workload.name });
      prepared.free();
    });
  }

  for (const name of ["resnet_tiny", "transformer_tiny", "lstm_tiny"] as const)
    for (const how of [{}, { captured: true }, { half: true }])
      test(`losses of ${name} are PyTorch's ${JSON.stringify(how)}`, async () => {
        const workload = networkWorkload(name, 3);
        const prepared = new Facet(how).prepare(workload);
        if ("lacking" in prepared) throw new Error(prepared.lacking);
        const losses: number[] = [];
        for (let call = 0; call < workload.calls; call++) {
          await prepared.run();
          losses.push((await prepared.read())[0] as number);
        }
        const wanted = loadGolden("bench_networks").case(name).floats("losses");
        // float16 keeps 11 bits: of what a network rounds little comes out of the mean.
        const allowed = "half" in how ? 2e-3 : 1e-5;
        expectClose(losses, wanted, { rtol: allowed, atol: allowed, label: name });
        prepared.free();
      });

  test("a peer that fails while it is timed lacks the workload, and the others are timed", async () => {
    const workload = matmulWorkload(12, 7, 5);
    let calls = 0;
    const flaky: Peer = {
      name: "flaky",
      prepare() {
        const prepared = new Facet().prepare(workload) as Prepared;
        const run = (): unknown => {
          if (calls++ > workload.calls) throw new Error("out of luck");
          return prepared.run();
        };
        return { run, finish: prepared.finish, read: prepared.read, free: prepared.free };
      },
      close() {},
    };
    const row = await benchWorkload({ peers: [new Facet(), flaky], absent: {} }, workload, 1, () => {});
    expect(row.entries.flaky).toEqual({ lacking: "failed while it was timed: out of luck" });
    expect(row.entries.Facet).toHaveProperty("timing.samples");
  });

  test("a trial of a peer ends: with its answer, its error, or when time is over", async () => {
    const network = networkWorkload("lstm", 32).name;
    expect(await tryPeer("facet", network, 120_000)).toMatch(/startDevice/);
    expect(await tryPeer("jax", network, 1)).toBe("no answer after 0.001 s");
    expect(await tryPeer("tfjs", matmulWorkload(128, 128, 128).name, 120_000)).toBeUndefined();
  }, 300_000);

  test("a captured train step gives the eager one's loss to the bit", async () => {
    const losses: number[] = [];
    for (const captured of [false, true]) {
      const workload = stepWorkload("tiny", 5);
      const prepared = new Facet({ captured }).prepare(workload);
      if ("lacking" in prepared) throw new Error(prepared.lacking);
      for (let call = 0; call < workload.calls; call++) await prepared.run();
      losses.push((await prepared.read())[0] as number);
      prepared.free();
    }
    expect(losses[1]).toBe(losses[0]);
    expect(new Facet({ captured: true }).prepare(matmulWorkload(1, 1, 1))).toHaveProperty("lacking");
  });

  test("every kind of the list is among them, but networks, which are held against PyTorch", () => {
    const kindOf = (workload: (typeof small)[number]) => `${workload.kind} ${"pass" in workload ? workload.pass : ""}`;
    expect(new Set(small.map(kindOf))).toEqual(
      new Set(workloads.filter(({ kind }) => kind !== "network_step").map(kindOf)),
    );
  });
});

describe("the list", () => {
  test("has no two workloads of one name, and is plain data", () => {
    expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
    expect(JSON.parse(JSON.stringify(workloads))).toEqual(workloads);
  });

  test("has the models' parameters", () => {
    const parameters = (name: Parameters<typeof weightShapes>[0]) =>
      weightShapes(name).reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent), 0);
    expect([parameters("mnist_cnn"), parameters("mnist_5x5"), parameters("cifar10_cnn")]).toEqual([
      34_826, 3_274_634, 136_874,
    ]);
    expect(layersOf("mnist_cnn").at(-1)).toMatchObject({ inputs: 1600, outputs: 10, image: [5, 5, 64], relu: false });
    // 26*26*9*32 products by the first layer, twice; 11*11*288*64 and 16 000 three times.
    expect(stepFlops("mnist_cnn", 1)).toBe(2 * (2 * 194_688 + 3 * 2_230_272 + 3 * 16_000));
  });

  test("chooses by length and by text", () => {
    expect(chooseWorkloads(undefined, false).some(({ full }) => full)).toBe(false);
    expect(chooseWorkloads(undefined, true)).toEqual(workloads);
    expect(chooseWorkloads("[2048,2048]", false)).toEqual([]);
    expect(chooseWorkloads("[2048,2048]", true)).toHaveLength(1);
  });

  test("has labels that are classes, and the inputs' bits that torch_cuda.py computes", () => {
    const labels = inputValues(inputSpec(crossEntropyWorkload(512, 10), "labels"));
    expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect([...inputValues(inputSpec(matmulWorkload(1, 3, 1), "a"))]).toEqual([
      0.3442783057689667, -0.31182652711868286, 0.6138038635253906,
    ]);
  });
});

describe("layouts", () => {
  test("go to channels first and back", () => {
    const values = Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i);
    const shape = [2, 3, 4, 5];
    expect([...toChannelsFirst(values, shape).slice(0, 3)]).toEqual([0, 5, 10]);
    expect(toChannelsLast(toChannelsFirst(values, shape), shape)).toEqual(values);
    expect(toHwio(toOihw(values, shape), shape)).toEqual(values);
  });

  test("an ONNX model names its operator, inputs and attributes", () => {
    const bytes = onnxModel({
      op: "Conv",
      inputs: { x: [1, 200] },
      output: { name: "y", shape: [1] },
      attributes: { pads: [0, 300] },
    });
    const text = Buffer.from(bytes).toString("latin1");
    for (const name of ["Conv", "pads", "x", "y"]) expect(text).toContain(name);
    // Integers above 127 take two bytes.
    expect(text).toContain(String.fromCharCode(0xc8, 0x01));
    expect(text).toContain(String.fromCharCode(0xac, 0x02));
  });
});
