// Choosing among variants of one order: by tables that are good, bad, foreign or broken, and by measuring.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { capture, device, empty, launch, setDevice, startDevice } from "@facet/autograd";
import {
  type AnyKernel,
  conv2dBackwardFilter,
  conv2dBackwardFilterPlan,
  conv2dBackwardInput,
  conv2dForward,
  conv2dGeometry,
  type Device,
  defineKernel,
  kernelVersion,
  matmul,
  matmulGeometry,
  openDevice,
  type TuningTable,
} from "@facet/kernels-wgsl";
import { kernelTable } from "@facet/kernels-wgsl/table";
import * as keras from "@facet/shims-keras";
import { createRandom } from "@facet/testing";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Tuning } from "../../packages/kernels-wgsl/src/runtime/tuning.js";

await startDevice();
const main = device();
afterAll(() => main.close());

let folder: string;
const opened: Device[] = [];
const warnings = vi.spyOn(console, "warn").mockImplementation(() => {});
const warned = (): string[] => warnings.mock.calls.map(([text]) => `${text}`);
const open = async (): Promise<Device> => {
  opened.push(await openDevice());
  return opened.at(-1) as Device;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "facet-tuning-"));
  vi.stubEnv("FACET_CACHE", folder);
  warnings.mockClear();
});
afterEach(() => {
  setDevice(main);
  for (const device of opened.splice(0)) device.close();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const loop = (body: string): string => /* wgsl */ `
const TURNS = 1u;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
struct Params { count: u32 }
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var word = id.x;
  for (var i = 0u; i < TURNS; i++) { word = (word ^ (word >> 3u)) * 1664525u + i; }
  ${body}
}`;

let names = 0;
/** y = 7 in two ways and in a third of another order; `second` and `first` may be given shaders. A new kernel every time. */
function sevens(options: { first?: string; second?: string; limit?: number } = {}) {
  const good = loop(
    "if (id.x < params.count) { y[id.x] = select(7.0, 8.0, word == params.count && params.count == 0u); }",
  );
  const workgroups = (): [number, number, number] => [64, 1, 1];
  return defineKernel({
    name: `sevens_${names++}`,
    wgsl: good,
    bindings: { y: { access: "read_write", dtype: "f32" } },
    params: { count: "u32" },
    variants: [
      { name: "slow", order: "a", wgsl: options.first ?? good, constants: { TURNS: "4000u" }, workgroups },
      {
        name: "fast",
        order: "a",
        wgsl: options.second ?? good,
        applies: ({ count }) => count <= (options.limit ?? 4096),
        workgroups,
      },
      { name: "other", order: "b", workgroups },
    ],
    cost: ({ count }) => ({ flops: 0, bytes: 4 * count }),
  });
}
const broken = loop("y[id.x] = nothing_of_that_name;");

const room = (on: Device, count: number) => ({ block: on.allocate(count * 4, "test"), offset: 0, bytes: count * 4 });

/** Runs the kernel and returns which variant ran. */
async function variantOf(on: Device, kernel: ReturnType<typeof sevens>, count = 4096): Promise<string | undefined> {
  const y = room(on, count);
  const { profile } = await on.profile(() => on.run(kernel, { y }, { count }));
  expect(new Set(new Float32Array(await on.read(y)))).toEqual(new Set([7]));
  on.free(y.block);
  return profile.dispatches[0]?.variant;
}

/** Where the device's table is stored, with the folder made. */
function place(on: Device): string {
  const path = on.tuning.save() as string;
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

test("training gives the same bits with no table of one's own, with one, and with the worst choice everywhere", async () => {
  const train = async (on: Device) => {
    setDevice(on);
    keras.utils.set_random_seed(1);
    const { layers } = keras;
    const model = keras.Sequential([
      keras.Input({ shape: [14, 14, 1] }),
      layers.Conv2D(8, 3, { activation: "relu" }),
      layers.MaxPooling2D(),
      layers.Conv2D(16, 3, { activation: "relu" }),
      layers.Flatten(),
      layers.Dense(10),
    ]);
    model.compile({ optimizer: "adam", loss: keras.losses.SparseCategoricalCrossentropy({ from_logits: true }) });
    const random = createRandom(2);
    const x = keras.ndarray(random.uniform(32 * 196), [32, 14, 14, 1]);
    const { result, profile } = await on.profile(() =>
      model.fit(x, [...random.integers(32, 0, 10)], { batch_size: 16, epochs: 2, verbose: 0, shuffle: false }),
    );
    const weights = (await model.get_weights()).map(({ data }) => [...data]);
    return {
      bits: { losses: result.history.loss, weights },
      variants: profile.dispatches.map(({ variant }) => variant),
    };
  };
  const untuned = await open();
  untuned.tuning.record();
  const plain = await train(untuned);
  const met = untuned.tuning.take();
  expect(met.length).toBeGreaterThan(3);
  for (const encounter of met)
    untuned.tuning.learn(encounter, { variant: encounter.candidates.at(-1)?.name as string, ms: {} });
  untuned.tuning.save();
  const worst = await train(await open());
  expect(worst.variants).not.toEqual(plain.variants);
  expect(worst.bits).toEqual(plain.bits);

  rmSync(join(folder, "tuning"), { recursive: true });
  const fresh = await open();
  fresh.tuning.record();
  await train(fresh);
  expect((await fresh.tune()).tuned).toHaveLength(met.length);
  expect((await train(await open())).bits).toEqual(plain.bits);
  expect(warned()).toEqual([]);
});

test("a call is measured once, the faster variant is taken from then on and by later devices", async () => {
  const kernel = sevens();
  const first = await open();
  expect(await variantOf(first, kernel)).toBe("slow");
  expect((await first.tune()).tuned).toEqual([]);
  first.tuning.record();
  expect(await variantOf(first, kernel)).toBe("slow");
  const { tuned, place } = await first.tune();
  expect(tuned).toMatchObject([{ kernel: kernel.name, untuned: "slow", variant: "fast" }]);
  expect(Object.keys(tuned[0]?.ms ?? {})).toEqual(["slow", "fast"]);
  expect(await variantOf(first, kernel)).toBe("fast");
  expect((await first.tune()).tuned).toEqual([]);
  expect(place).toContain(folder);
  expect(await variantOf(await open(), kernel)).toBe("fast");
  expect(warned()).toEqual([]);
});

test("nothing is stored when told so", async () => {
  const kernel = sevens();
  const on = await open();
  on.tuning.record();
  await variantOf(on, kernel);
  expect(await on.tune({ store: false })).toMatchObject({ tuned: [{ variant: "fast" }], place: undefined });
  expect(await variantOf(await open(), kernel)).toBe("slow");
});

test("a choice is passed over where it does not apply", async () => {
  const kernel = sevens({ limit: 1001 });
  const on = await open();
  on.tuning.record();
  await variantOf(on, kernel, 1001);
  await on.tune();
  expect(await variantOf(on, kernel, 1001)).toBe("fast");
  expect(await variantOf(on, kernel, 1003)).toBe("slow");
});

describe("a table that cannot be trusted is reported once and ignored", () => {
  type Table = Record<string, unknown> & { adapter: string; kernels: Record<string, unknown> };
  const rows: [what: string, spoil: (table: Table, kernel: AnyKernel) => unknown, reason: RegExp][] = [
    ["no JSON", () => "{ half", /expected JSON/],
    ["a list", () => [], /expected an object/],
    ["another format", (table) => ({ ...table, format: "facet-tuning-0" }), /expected format facet-tuning-1/],
    ["no driver", (table) => ({ ...table, driver: undefined }), /a string in "driver"/],
    ["no kernels", (table) => ({ ...table, kernels: 3 }), /an object in "kernels"/],
    [
      "a kernel without a version",
      (table, { name }) => ({ ...table, kernels: { [name]: { choices: {} } } }),
      /"version"/,
    ],
    [
      "a choice that is a word",
      (table, { name }) => ({ ...table, kernels: { [name]: { version: "1", choices: { "slow 4x10": "fast" } } } }),
      /"variant" and "ms"/,
    ],
    ["another adapter", (table) => ({ ...table, adapter: "GeForce" }), /one for GeForce/],
    ["another driver", (table) => ({ ...table, driver: "535.54" }), /driver 535\.54/],
    [
      "another version of the kernel",
      (table, kernel) => choose(table, kernel, "fast", "0123456789abcdef"),
      /version 0123/,
    ],
    ["an unknown variant", (table, kernel) => choose(table, kernel, "fastest"), /no variant fastest/],
    ["a variant of another order", (table, kernel) => choose(table, kernel, "other"), /adds in order "b"/],
  ];
  const choose = (table: Table, kernel: AnyKernel, variant: string, version = kernelVersion(kernel)) => ({
    ...table,
    kernels: { [kernel.name]: { version, choices: { "slow 4x10": { variant, ms: {} } } } },
  });

  test("the table that the rows below spoil would be used", async () => {
    const path = place(main);
    const kernel = sevens();
    writeFileSync(path, JSON.stringify(choose(JSON.parse(readFileSync(path, "utf8")), kernel, "fast")));
    expect(await variantOf(await open(), kernel)).toBe("fast");
    expect(warned()).toEqual([]);
  });

  test.each(rows)("%s", async (_, spoil, reason) => {
    const path = place(main);
    const kernel = sevens();
    const spoiled = spoil(JSON.parse(readFileSync(path, "utf8")), kernel);
    writeFileSync(path, typeof spoiled === "string" ? spoiled : JSON.stringify(spoiled));
    for (let i = 0; i < 2; i++) expect(await variantOf(await open(), kernel)).toBe("slow");
    expect(warned()).toHaveLength(1);
    expect(warned()[0]).toMatch(reason);
    expect(warned()[0]).toContain(path);
  });

  test("a folder that cannot be written to is reported, and the choice is used all the same", async () => {
    writeFileSync(join(folder, "tuning"), "a file where the folder should be");
    const kernel = sevens();
    const on = await open();
    on.tuning.record();
    await variantOf(on, kernel);
    expect((await on.tune()).place).toBeUndefined();
    expect(await variantOf(on, kernel)).toBe("fast");
    expect(warned().join()).toContain("could not be written");
  });
});

test.each(["lavapipe", "swiftshader"])("the table shipped for %s names variants of one order", async (kind) => {
  const file = join(import.meta.dirname, `../../packages/kernels-wgsl/src/tuning/${kind}.json`);
  const table = JSON.parse(readFileSync(file, "utf8")) as TuningTable;
  expect(table.adapter).toContain(kind);
  for (const [name, { version, choices }] of Object.entries(table.kernels)) {
    const kernel: AnyKernel | undefined = kernelTable.find((entry) => entry.kernel.name === name)?.kernel;
    // One that lags behind its kernel is not used; `npx facet tune --out` renews it.
    if (!kernel || version !== kernelVersion(kernel)) continue;
    const orderOf = (wanted?: string) => kernel.variants.find((variant) => variant.name === wanted)?.order ?? wanted;
    for (const [shapes, choice] of Object.entries(choices))
      expect(orderOf(choice.variant), `${name} ${shapes}`).toBe(orderOf(shapes.split(" ")[0]));
  }
});

describe("a variant that prefers hardware or software", () => {
  const on = (kind: Device["adapter"]["kind"], subgroupSize = 0) =>
    new Tuning({ ...main.adapter, name: `a ${kind} adapter`, kind }, subgroupSize);
  const make = (limit: number, plain: "a" | "b") => {
    const { name, wgsl, bindings, params, cost } = sevens();
    const workgroups = (): [number, number, number] => [64, 1, 1];
    const applies = ({ count }: { count: number }) => count >= limit;
    const gpu = { prefer: "hardware", applies, workgroups } as const;
    const variants = [
      { name: "gpu_b", order: "b", ...gpu },
      { name: "gpu_a", order: "a", ...gpu },
      { name: "plain", order: plain, workgroups },
      { name: "late_a", order: "a", workgroups },
    ];
    return defineKernel({ name, wgsl, bindings, params, variants, cost });
  };

  test.each([
    ["hardware", "gpu_a"],
    ["lavapipe", "plain"],
    ["swiftshader", "plain"],
    ["software", "plain"],
  ] as const)("%s takes %s", (kind, expected) => {
    expect(on(kind).pick(make(1, "a"), { count: 8 }, {}, {}).name).toBe(expected);
  });

  test.each([
    ["hardware", "plain"],
    ["lavapipe", "fat"],
    ["swiftshader", "fat"],
    ["software", "fat"],
  ] as const)("and of one that prefers software, %s takes %s", (kind, expected) => {
    const { name, wgsl, bindings, params, cost } = sevens();
    const workgroups = (): [number, number, number] => [64, 1, 1];
    const variants = [
      { name: "fat_b", order: "b", prefer: "software", workgroups },
      { name: "fat", order: "a", prefer: "software", workgroups },
      { name: "plain", order: "a", workgroups },
    ] as const;
    const kernel = defineKernel({ name, wgsl, bindings, params, variants, cost });
    expect(on(kind).pick(kernel, { count: 8 }, {}, {}).name).toBe(expected);
  });

  test.each([
    ["hardware", "plain"],
    ["lavapipe", "fat"],
    ["swiftshader", "shiftless"],
    ["software", "fat"],
  ] as const)("and of one that prefers SwiftShader, %s takes %s", (kind, expected) => {
    const { name, wgsl, bindings, params, cost } = sevens();
    const workgroups = (): [number, number, number] => [64, 1, 1];
    const variants = [
      { name: "shiftless", order: "a", prefer: "swiftshader", workgroups },
      { name: "fat", order: "a", prefer: "software", workgroups },
      { name: "plain", order: "a", workgroups },
    ] as const;
    const kernel = defineKernel({ name, wgsl, bindings, params, variants, cost });
    expect(on(kind).pick(kernel, { count: 8 }, {}, {}).name).toBe(expected);
  });

  test("is passed over where it does not apply", () => {
    expect(on("hardware").pick(make(9, "a"), { count: 8 }, {}, {}).name).toBe("plain");
  });

  test("does not choose the order", () => {
    expect(on("hardware").pick(make(1, "b"), { count: 8 }, {}, {}).name).toBe("gpu_b");
    for (const kind of ["hardware", "lavapipe"] as const)
      for (const plain of ["a", "b"] as const)
        expect(on(kind).pick(make(1, plain), { count: 8 }, {}, {}).order).toBe(plain);
  });

  test("is a candidate of the tuner everywhere, on software the last", () => {
    const met = (kind: Device["adapter"]["kind"]) => {
      const tuning = on(kind);
      tuning.meet(make(1, "a"), { count: 8 }, {}, undefined);
      return tuning.take()[0]?.candidates.map(({ name }) => name);
    };
    expect(met("hardware")).toEqual(["gpu_a", "plain", "late_a"]);
    expect(met("lavapipe")).toEqual(["plain", "late_a", "gpu_a"]);
  });

  test("matmul shares tiles in workgroup memory on GPUs, within subgroups on software adapters", () => {
    const pick = (tuning: Tuning, ...[a, b, options]: Parameters<typeof matmulGeometry>) =>
      tuning.pick(matmul, matmulGeometry(a, b, options).params, {}, {}).name;
    const [gpu, lavapipe] = [on("hardware", 32), on("lavapipe", 8)];
    expect(pick(gpu, [512, 512], [512, 512])).toBe("shared_64x64_nn");
    expect(pick(gpu, [512, 511], [512, 511], { transposeA: true })).toBe("shared_64x64");
    expect(pick(lavapipe, [512, 512], [512, 512])).toBe("subgroup_32x4_nn");
    expect(pick(lavapipe, [512, 511], [512, 511], { transposeA: true })).toBe("subgroup8_4x12");
    expect(pick(on("swiftshader", 4), [512, 512], [512, 512])).toBe("subgroup_16x4_nn");
  });

  test.each([
    ["conv2d_forward", conv2dForward, "subgroup8_24x4_vec4", "subgroup_24x4", "strided_12x8"],
    ["conv2d_backward_input", conv2dBackwardInput, "subgroup8_24x4_vec4", "subgroup_24x4", "strided_12x8"],
    ["conv2d_backward_filter", conv2dBackwardFilter, "subgroup8_32x4_vec4", "subgroup_24x4", "strided_9x8"],
  ])("%s shares tiles too", (_, kernel: AnyKernel, softwareNhwc, softwareNchw, ofGroups) => {
    const pick = (tuning: Tuning, layout: "NHWC" | "NCHW", groups = 1) => {
      const nhwc = layout === "NHWC";
      const { params } = conv2dGeometry(
        nhwc ? [8, 13, 13, 64] : [8, 64, 13, 13],
        nhwc ? [3, 3, 64 / groups, 96] : [96, 64 / groups, 3, 3],
        {
          stride: [1, 1],
          padding: [0, 0, 0, 0],
          dilation: [1, 1],
          groups,
          layout,
          filterLayout: nhwc ? "HWIO" : "OIHW",
        },
      );
      return tuning.pick(kernel, conv2dBackwardFilterPlan(params).partialParams, {}, {}).name;
    };
    const [gpu, lavapipe] = [on("hardware", 32), on("lavapipe", 8)];
    expect(pick(gpu, "NHWC")).toBe("shared_64x64_vec4");
    expect(pick(gpu, "NCHW")).toBe("shared_64x64");
    expect(pick(gpu, "NHWC", 2)).toBe(ofGroups);
    expect(pick(lavapipe, "NHWC")).toBe(softwareNhwc);
    expect(pick(lavapipe, "NCHW")).toBe(softwareNchw);
  });
});

describe("a variant that does not compile", () => {
  test("is reported and left out by the tuner", async () => {
    const kernel = sevens({ second: broken });
    const on = await open();
    on.tuning.record();
    expect(await variantOf(on, kernel)).toBe("slow");
    expect((await on.tune()).tuned).toEqual([]);
    expect(await variantOf(on, kernel)).toBe("slow");
    expect(warned()).toHaveLength(1);
    expect(warned()[0]).toMatch(new RegExp(`${kernel.name}/fast does not compile.*nothing_of_that_name`, "s"));
  });

  test("is an error at the next read when a table chose it, and the default after that", async () => {
    const kernel = sevens({ second: broken });
    const path = place(main);
    const table = JSON.parse(readFileSync(path, "utf8"));
    const choices = { "slow 4x10": { variant: "fast", ms: {} } };
    writeFileSync(
      path,
      JSON.stringify({ ...table, kernels: { [kernel.name]: { version: kernelVersion(kernel), choices } } }),
    );
    const on = await open();
    const y = room(on, 4096);
    on.run(kernel, { y }, { count: 4096 });
    await expect(on.read(y)).rejects.toThrow(`${kernel.name}/fast`);
    expect(await variantOf(on, kernel)).toBe("slow");
  });

  test("is replaced by the next of its order when it is the first", async () => {
    const kernel = sevens({ first: broken });
    const on = await open();
    const y = room(on, 4096);
    on.run(kernel, { y }, { count: 4096 });
    await expect(on.read(y)).rejects.toThrow(`${kernel.name}/slow`);
    expect(await variantOf(on, kernel)).toBe("fast");
    expect(warned()).toHaveLength(1);
  });

  test("is replaced in a captured function too: its plan is made anew", async () => {
    const kernel = sevens({ first: broken });
    setDevice(await open());
    const run = capture(() => {
      const y = empty([4096]);
      launch(kernel, { y }, { count: 4096 });
      return y;
    });
    await expect(run().data()).rejects.toThrow(`${kernel.name}/slow`);
    expect(new Set(await run().data())).toEqual(new Set([7]));
    expect(run.plans.map(({ commands }) => commands[0]?.variant)).toEqual(["fast"]);
  });
});

describe("switches of the environment", () => {
  const run = (env: Record<string, string>): { out: string; error: string } => {
    const program = `
      const { matmul, matmulGeometry, openDevice } = await import("@facet/kernels-wgsl");
      const device = await openDevice();
      const view = (bytes) => ({ block: device.allocate(bytes, "example"), offset: 0, bytes });
      const [a, b, y] = [view(16384), view(16384), view(16384)];
      device.queue.write(a, new Float32Array(4096).fill(1));
      device.queue.write(b, new Float32Array(4096).fill(2));
      device.run(matmul, { a, b, y }, matmulGeometry([64, 64], [64, 64]).params);
      console.log(new Float32Array(await device.read(y))[0]);
      device.close();`;
    try {
      const options = { cwd: join(import.meta.dirname, "../.."), env: { ...process.env, FACET_CACHE: folder, ...env } };
      const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
        ...options,
        stdio: ["ignore", "pipe", "pipe"],
      });
      return { out: `${out}`.trim(), error: "" };
    } catch (error) {
      return { out: "", error: `${(error as { stderr: Buffer }).stderr}` };
    }
  };

  test("FACET_TUNE=on measures what a program met when it ends; without, nothing is measured", () => {
    expect(run({})).toEqual({ out: "128", error: "" });
    expect(readdirSync(folder)).toEqual([]);
    expect(run({ FACET_TUNE: "on" })).toEqual({ out: "128", error: "" });
    const [file = ""] = readdirSync(join(folder, "tuning"));
    expect(Object.keys(JSON.parse(readFileSync(join(folder, "tuning", file), "utf8")).kernels)).toEqual(["matmul"]);
  });

  test("FACET_ROBUSTNESS=off computes the same", () => {
    expect(run({ FACET_ROBUSTNESS: "off" })).toEqual({ out: "128", error: "" });
  });

  test.each(["FACET_TUNE", "FACET_ROBUSTNESS"])("%s takes on and off only", (name) => {
    expect(run({ [name]: "perhaps" }).error).toContain(`${name}: expected on or off, got perhaps`);
  });
});
