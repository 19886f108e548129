// Timestamps of dispatches, what they are added up by, and the trace.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { device, fromData, setDevice, startDevice, withLayer } from "@facet/autograd";
import { type Device, matmul, matmulGeometry, openDevice, type Profile } from "@facet/kernels-wgsl";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { afterAll, expect, test } from "vitest";

await startDevice();
afterAll(() => device().close());

function product(on: Device, m: number): () => void {
  const view = (count: number) => ({ block: on.allocate(count * 4, "test"), offset: 0, bytes: count * 4 });
  const [a, b, y] = [view(m * 64), view(64 * 64), view(m * 64)] as const;
  const { params } = matmulGeometry([m, 64], [64, 64]);
  return () => on.run(matmul, { a, b, y }, params, { label: `product of ${m}`, layer: "mine" });
}

test("a profile has a time, the work and the names of every dispatch", async () => {
  const run = product(device(), 128);
  run();
  const { result, profile } = await device().profile(() => {
    for (let i = 0; i < 300; i++) run();
    return "done";
  });
  run();
  expect(result).toBe("done");
  expect(profile.dispatches).toHaveLength(300);
  for (const dispatch of profile.dispatches) {
    expect(dispatch).toMatchObject({ kernel: "matmul", op: "product of 128", layer: "mine", flops: 2 * 128 * 64 * 64 });
    expect(dispatch.gpuMs).toBeGreaterThanOrEqual(0);
  }
  // In turn on one queue: none begins before the one before it has begun.
  const starts = profile.dispatches.map(({ gpuStartMs }) => gpuStartMs);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  expect(profile.gpuMs).toBeGreaterThan(0);
  expect(profile.gpuMs).toBeLessThan(profile.wallMs);
  expect(device().profiling).toBe(false);
});

test("a larger product takes longer: timestamps are not rounded to Dawn's 65 536 ns", async () => {
  const [small, large] = [product(device(), 8), product(device(), 2048)];
  const time = async (run: () => void): Promise<Profile> => {
    run();
    await device().finish();
    return (
      await device().profile(() => {
        for (let i = 0; i < 9; i++) run();
      })
    ).profile;
  };
  const [short, long] = [await time(small), await time(large)];
  expect(long.gpuMs).toBeGreaterThan(4 * short.gpuMs);
  const nanoseconds = [...short.dispatches, ...long.dispatches].map(({ gpuMs }) => Math.round(gpuMs * 1e6));
  expect(nanoseconds.some((time) => time % 65_536 !== 0)).toBe(true);
});

test("sums by kernel, variant, op and layer hold every dispatch once", async () => {
  const { profile } = await device().profile(() => {
    product(device(), 64)();
    product(device(), 128)();
  });
  for (const [column, names] of [
    ["kernel", ["matmul"]],
    ["variant", [`matmul/${device().tuning.pick(matmul, matmulGeometry([64, 64], [64, 64]).params, {}, {}).name}`]],
    ["op", ["product of 128", "product of 64"]],
    ["layer", ["mine"]],
  ] as const) {
    const rows = profile.by(column);
    expect(rows.map(({ name }) => name).sort(), column).toEqual(names);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    expect(rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    const table = profile.table(column);
    for (const name of names) expect(table).toContain(name);
  }
});

test("the trace is trace_event JSON with a span on each lane per dispatch, none on the device before its submission", async () => {
  const run = product(device(), 64);
  const { profile } = await device().profile(() => {
    for (let i = 0; i < 5; i++) run();
  });
  const { traceEvents } = JSON.parse(profile.trace());
  const lane = (cat: string) => traceEvents.filter((event: { cat?: string }) => event.cat === cat);
  expect(lane("encode")).toHaveLength(5);
  expect(lane("device")).toHaveLength(5);
  for (const [i, event] of lane("device").entries()) {
    expect(event).toMatchObject({ ph: "X", name: "matmul", args: { op: "product of 64", layer: "mine" } });
    expect(event.ts / 1000).toBeGreaterThanOrEqual((profile.dispatches[i]?.submittedMs as number) - 1e-6);
  }
});

test("results are the same bits while profiling", async () => {
  const data = Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i));
  const compute = () => {
    const x = torch.tensor(data).reshape(64, 64);
    return x.matmul(x).numpy();
  };
  const plain = await compute();
  const { result } = await device().profile(compute);
  expect(result).toEqual(plain);
});

test("layers of Keras stand in profiles, forward and backward", async () => {
  const model = keras.Sequential([
    keras.Input({ shape: [8, 8, 1] }),
    keras.layers.Conv2D(4, 3, { name: "first", activation: "relu" }),
    keras.layers.Flatten(),
    keras.layers.Dense(3, { name: "second" }),
  ]);
  model.compile({ optimizer: "sgd", loss: keras.losses.SparseCategoricalCrossentropy({ from_logits: true }) });
  const { profile } = await device().profile(() =>
    model.fit(keras.ndarray(new Float32Array(4 * 64), [4, 8, 8, 1]), [0, 1, 2, 0], { verbose: 0 }),
  );
  const layers = profile.by("layer").map(({ name }) => name);
  for (const name of ["first", "second"]) {
    expect(layers).toContain(name);
    expect(layers).toContain(`${name} (backward)`);
  }
});

test("modules of torch stand in profiles by their path", async () => {
  const { nn } = torch;
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const { profile } = await device().profile(() => {
    net(torch.ones(3, 4)).sum().backward();
  });
  const layers = profile.by("layer").map(({ name }) => name);
  for (const name of ["Sequential/0", "Sequential/2", "Sequential/2 (backward)"]) expect(layers).toContain(name);
});

test("withLayer nests and ends with its function, also by an error", async () => {
  const { profile } = await device().profile(() => {
    withLayer("outer", () => {
      expect(() =>
        withLayer("inner", () => {
          fromData([1, 2], [2]);
          torch.ones(2).add(1);
          throw new Error("stop");
        }),
      ).toThrow("stop");
      torch.ones(2).add(1);
    });
    torch.ones(2).add(1);
  });
  const adds = profile.dispatches.filter(
    ({ kernel }) => kernel === "elementwise_unary" || kernel === "elementwise_binary",
  );
  expect([...new Set(adds.map(({ layer }) => layer))]).toEqual(["outer/inner", "outer", ""]);
});

test("a profile inside one is a part of it, and an error in the body ends the first", async () => {
  const { result, profile: whole } = await device().profile(async () => {
    product(device(), 64)();
    const { profile: part } = await device().profile(product(device(), 32));
    product(device(), 64)();
    return part;
  });
  expect(whole.dispatches).toHaveLength(3);
  expect(result.dispatches).toEqual([whole.dispatches[1]]);
  expect(result.dispatches[0]?.gpuMs).toBeGreaterThan(0);
  await device().profile(() => expect(() => device().startProfile()).toThrow("no profile under way"));
  await expect(
    device().profile(() => {
      throw new Error("from the body");
    }),
  ).rejects.toThrow("from the body");
  expect(device().profiling).toBe(false);
  const { profile } = await device().profile(product(device(), 64));
  expect(profile.dispatches).toHaveLength(1);
});

test("a device closed while profiling still gives the times of what was submitted", async () => {
  const other = await openDevice();
  const run = product(other, 64);
  other.startProfile();
  run();
  const profile = other.stopProfile();
  other.onClose(async () => void (await profile));
  other.close();
  expect((await profile).dispatches[0]?.gpuMs).toBeGreaterThanOrEqual(0);
});

test.each([
  ["closes its device", "m.device().close();"],
  ["ends by itself", ""],
])("FACET_PROFILE writes the trace of a program that %s", (_, end) => {
  const folder = mkdtempSync(join(tmpdir(), "facet-profile-"));
  try {
    const path = join(folder, "trace.json");
    const program = `
      const m = await import("@facet/autograd");
      await m.startDevice();
      const x = m.add(m.fromData([1, 2], [2]), m.fromData([3, 4], [2]));
      console.log((await x.data()).join());
      ${end}`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: join(import.meta.dirname, "../.."),
      env: { ...process.env, FACET_PROFILE: path },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(out.trim()).toBe("4,6");
    const { traceEvents } = JSON.parse(readFileSync(path, "utf8"));
    expect(traceEvents.some((event: { cat?: string }) => event.cat === "device")).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("setDevice is not needed to profile another device", async () => {
  const own = device();
  const other = await openDevice();
  try {
    const { profile } = await other.profile(product(other, 64));
    expect(profile.dispatches).toHaveLength(1);
    expect(own.profiling).toBe(false);
  } finally {
    setDevice(own);
    other.close();
  }
});
