// How programs find a device, and what they ask of it.
import { ArgumentError, FacetError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { expect, test } from "vitest";

const { accelerator, backends, cuda, nn } = torch;

test("programs that choose a device get the one there is", async () => {
  const chosen = accelerator.is_available() ? accelerator.current_accelerator() : torch.device("cpu");
  expect(`${chosen}`).toBe("device(type='webgpu')");
  expect([accelerator.device_count(), accelerator.current_device_index()]).toEqual([1, 0]);
  const older = torch.device(cuda.is_available() ? "cuda" : backends.mps.is_available() ? "mps" : "cpu");
  const net = new nn.Linear(2, 1).to(older).cuda();
  const x = torch.ones(3, 2, { device: chosen }).to("cuda:0").pin_memory();
  expect((await net.cpu()(x.cuda(0)).tolist()) as unknown[]).toHaveLength(3);
  expect([x.get_device(), x.is_cuda, x.is_pinned(), `${x.device}`]).toEqual([0, false, false, "device(type='webgpu')"]);
  accelerator.set_device_index(0);
  cuda.set_device("cuda:0");
  for (const wrong of [
    () => x.cuda(1),
    () => net.cuda({ device: 1 }),
    () => accelerator.set_device_index(1),
    () => cuda.set_device("cuda:1"),
    () => torch.set_default_device("meta"),
    () => x.to("mps"),
  ])
    expect(wrong).toThrow(FacetError);
});

test("settings are checked and remembered", () => {
  const pairs: [() => unknown, (value: never) => void, unknown[]][] = [
    [torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, ["high", "highest"]],
    [torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, [true, false]],
    [torch.get_num_threads, torch.set_num_threads, [4, 1]],
    [torch.get_num_interop_threads, torch.set_num_interop_threads, [2, 1]],
    [torch.get_default_dtype, torch.set_default_dtype, [torch.float32]],
    [() => torch.get_default_device().type, torch.set_default_device, ["cuda", "webgpu"]],
  ];
  for (const [get, set, values] of pairs)
    for (const value of values) {
      set(value as never);
      expect(get()).toBe(value);
    }
  torch.use_deterministic_algorithms(true, { warn_only: true });
  expect([torch.get_deterministic_debug_mode(), torch.is_deterministic_algorithms_warn_only_enabled()]).toEqual([
    1,
    true,
  ]);
  torch.set_deterministic_debug_mode("default");
  expect(torch.are_deterministic_algorithms_enabled()).toBe(false);
  expect(() => torch.set_float32_matmul_precision("low" as never)).toThrow(ArgumentError);
  expect(() => torch.set_num_threads(0)).toThrow(ArgumentError);
  expect(() => torch.set_default_dtype(torch.float64)).toThrow(UnsupportedError);
});

test("switches of backends are remembered, others refused", () => {
  backends.cudnn.benchmark = true;
  expect(backends.cudnn.benchmark).toBe(true);
  backends.cudnn.benchmark = false;
  backends.cuda.matmul.allow_tf32 = true;
  expect([backends.cuda.matmul.allow_tf32, backends.cudnn.is_available(), backends.cuda.is_built()]).toEqual([
    true,
    false,
    false,
  ]);
  expect(() => {
    backends.cudnn.benchmark = 1 as never;
  }).toThrow(/torch.backends.cudnn: benchmark: expected a boolean/);
  expect(() => Reflect.set(backends.cudnn, "benchmarks", true)).toThrow(/nearest is benchmark/);
  expect(() => Reflect.get(backends, "cudn")).toThrow(/nearest is cudnn/);
});

test("memory, time and seeds", async () => {
  cuda.reset_peak_memory_stats();
  const before = cuda.memory_allocated();
  const [start, end] = [new cuda.Event({ enable_timing: true }), new cuda.Event(true)];
  start.record();
  const x = torch.facet.keep(torch.ones(1024));
  end.record();
  await cuda.synchronize();
  await end.synchronize();
  expect(end.query()).toBe(true);
  expect(await start.elapsed_time(end)).toBeGreaterThanOrEqual(0);
  await expect(new cuda.Event().elapsed_time(end)).rejects.toThrow(ArgumentError);
  expect(accelerator.memory_allocated() - before).toBeGreaterThanOrEqual(4096);
  expect(accelerator.max_memory_allocated()).toBeGreaterThanOrEqual(accelerator.memory_allocated());
  expect(cuda.memory_reserved()).toBeGreaterThanOrEqual(cuda.memory_allocated());
  accelerator.empty_cache();
  expect(await x.sum().item()).toBe(1024);
  cuda.manual_seed_all(3);
  const drawn = await torch.rand(3).tolist();
  torch.manual_seed(3);
  expect(await torch.rand(3).tolist()).toEqual(drawn);
  expect(cuda.get_device_name(0)).not.toBe("");
});
