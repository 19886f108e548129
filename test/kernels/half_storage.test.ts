// Kernels over bindings that hold halves: what they read and write, and that they give what the kernel of float32 gives, rounded.
import {
  type AnyKernel,
  type BindingSpec,
  defineKernel,
  type HalfStorage,
  halfBits,
  halfValue,
  inHalves,
  openDevice,
  packHalves,
  runsOn,
  unpackHalves,
} from "@facet/kernels-wgsl";
import { type KernelCase, type KernelEntry, kernelTable, prepareCase } from "@facet/kernels-wgsl/table";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

const device = await openDevice();
afterAll(() => device.close());
const singles = device.gpu.features.has("shader-f16");

/** Copies elements of a type, which is one number or several. */
const copyOf = (type: string): AnyKernel =>
  defineKernel({
    name: "copy",
    wgsl: `struct Params { count: u32 }
@group(0) @binding(0) var<storage, read> x: array<${type}>;
@group(0) @binding(1) var<storage, read_write> y: array<${type}>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.count) { y[id.x] = x[id.x]; }
}`,
    bindings: { x: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
    params: { count: "u32" },
    variants: [{ name: "elements", order: "copy", workgroups: (p) => [Math.ceil(p.count / 64), 1, 1] }],
    cost: () => ({ flops: 0, bytes: 0 }),
  });

const upload = (words: Uint32Array | Float32Array) => {
  const view = { block: device.allocate(words.byteLength, "test"), offset: 0, bytes: words.byteLength };
  device.queue.write(view, words);
  return view;
};

/** The numbers as halves hold them. */
const rounded = (values: ArrayLike<number>, format: "f16" | "bf16"): Float32Array =>
  Float32Array.from(values, (value) => halfValue[format](halfBits[format](value)));

/** The same to the bit, but that any NaN is as good as another. */
function expectSame(actual: ArrayLike<number>, wanted: ArrayLike<number>, label = ""): void {
  const at = Array.from(wanted).findIndex((value, i) => !Object.is(value, actual[i]));
  expect(at, `${label}[${at}] is ${actual[at]}, not ${wanted[at]}`).toBe(-1);
}

describe.each(["f16", "bf16"] as const)("%s", (format) => {
  const all = Float32Array.from({ length: 65_536 }, (_, bits) => halfValue[format](bits));

  test.each([
    ["f32", 1],
    ["vec2<f32>", 2],
    ["vec4<f32>", 4],
  ] as const)("every half is read exactly, by %s", async (type, width) => {
    const kernel = inHalves(copyOf(type), { x: format }, singles) as AnyKernel;
    const x = upload(Uint32Array.from({ length: 32_768 }, (_, i) => 2 * i + (2 * i + 1) * 65_536));
    const y = upload(new Float32Array(65_536));
    device.run(kernel, { x, y } as never, { count: 65_536 / width } as never);
    expectSame(new Float32Array(await device.read(y)), all);
  });

  test.each([
    ["f32", 1],
    ["vec2<f32>", 2],
    ["vec4<f32>", 4],
  ] as const)("what is written is rounded to the nearest, by %s", async (type, width) => {
    const kernel = inHalves(copyOf(type), { y: format }, singles);
    if (width === 1 && !(singles && format === "f16")) {
      expect(kernel).toBeUndefined();
      return;
    }
    const words = new Uint32Array(all.filter(Number.isFinite).buffer.slice(0));
    const steps = format === "f16" ? [0, 1, 0xfff, 0x1000, 0x1001] : [0, 1, 0x7fff, 0x8000, 0x8001];
    const beside = new Float32Array(
      Uint32Array.from(steps.flatMap((more) => [...words].map((word) => word + more))).buffer,
    );
    const far = [
      1e6,
      -1e6,
      65519.99,
      65520,
      -65520,
      3e38,
      -3e38,
      Infinity,
      -Infinity,
      NaN,
      1e-8,
      -1e-8,
      2 ** -25,
      -0,
      NaN,
      1.5,
      1.5,
      NaN,
      1.5,
    ];
    const numbers = Float32Array.from([...beside, ...far]);
    const count = 4 * Math.floor(numbers.length / 4);
    const inputs = numbers.slice(numbers.length - count);
    const x = upload(inputs);
    const y = upload(new Uint32Array(count / 2));
    device.run(kernel as AnyKernel, { x, y } as never, { count: count / width } as never);
    const written = unpackHalves(new Uint32Array(await device.read(y)), format);
    expectSame(written, rounded(inputs, format));
  });
});

test("a shader is exchanged where all uses of a binding are plain reads or writes; locals of its name stay", () => {
  const kernel = (main: string): AnyKernel => ({
    ...copyOf("vec4<f32>"),
    wgsl: copyOf("vec4<f32>").wgsl.replace(
      /fn main[\s\S]*/,
      `fn main(@builtin(global_invocation_id) id: vec3<u32>) { ${main} }`,
    ),
  });
  const made = (main: string) => inHalves(kernel(main), { x: "f16", y: "f16" }, false);
  expect(made("y[id.x] = x[id.x];")).toBeDefined();
  expect(made("let i = x[x[id.x].x]; y[id.x] = i;")).toBeDefined();
  // What is written is read again, updated, or taken the address of.
  for (const main of ["y[id.x] = y[id.x + 1u];", "y[id.x] += x[id.x];", "let p = &y; (*p)[id.x] = x[id.x];"])
    expect(made(main)).toBeUndefined();
  expect(() => inHalves(copyOf("f32"), { z: "f16" }, false)).toThrow(
    /half storage: z: expected a binding of the shader/,
  );
});

/** A variant on one case: halves in the bindings of `formats`, against the kernel of float32 on the same numbers. */
async function compareWith(entry: KernelEntry, made: AnyKernel, variant: string, testCase: KernelCase): Promise<void> {
  const { formats } = made.storage as HalfStorage;
  const bindings = entry.kernel.bindings as Record<string, BindingSpec>;
  const inputs = testCase.inputs(createRandom(1));
  const wide = { ...inputs };
  for (const [name, format] of Object.entries(formats)) if (inputs[name]) wide[name] = rounded(inputs[name], format);
  const own = prepareCase(device, entry, testCase, wide, variant);
  own.run();
  const expected = await own.read();
  own.free();
  const views: Record<string, ReturnType<typeof upload>> = {};
  for (const name of Object.keys(bindings)) {
    const count = inputs[name]?.length ?? testCase.outputs[name];
    if (count === undefined) continue;
    const data = wide[name] ?? new Float32Array(count);
    const format = formats[name];
    const words = format ? packHalves(data, format) : new Uint32Array(data.buffer.slice(0));
    const room = new Uint32Array(Math.max(4, words.length));
    room.set(words);
    views[name] = upload(room);
  }
  const { params, constants = {} } = testCase;
  device.run(made, views as never, params as never, { variant, constants });
  for (const [name, values] of Object.entries(expected)) {
    const bytes = await device.read(views[name] as ReturnType<typeof upload>);
    const format = formats[name];
    const actual = format
      ? unpackHalves(new Uint32Array(bytes), format, values.length)
      : new (values.constructor as typeof Float32Array)(bytes, 0, values.length);
    expectSame(actual, format ? rounded(values, format) : values, `${testCase.name}: ${name}`);
  }
  for (const view of Object.values(views)) device.free(view.block);
}

describe.each(kernelTable.flatMap((entry) => (entry.kernel.halves ? [[entry.kernel.name, entry] as const] : [])))(
  "%s",
  (_, entry) => {
    const { kernel, cases } = entry;
    const bindings = kernel.bindings as Record<string, BindingSpec>;
    const names = kernel.halves as readonly string[];
    const read = names.filter((name) => bindings[name]?.access === "read");
    const kinds = (format: "f16" | "bf16") =>
      [names, read].map((some) => inHalves(kernel, Object.fromEntries(some.map((name) => [name, format])), singles));
    const isFloat = ({ constants: { X, Y } = {} }: KernelCase): boolean => (X ?? Y ?? "f32") === "f32";

    test("can read halves by every variant", () => {
      expect(kinds("bf16")[1]?.variants.map(({ name }: { name: string }) => name)).toEqual(
        kernel.variants.map(({ name }: { name: string }) => name),
      );
    });

    const runs = (["f16", "bf16"] as const).flatMap((format) =>
      kinds(format).flatMap((made, i) =>
        // How memory is read and written is the same for both formats: one variant shows it.
        (made?.variants ?? [])
          .slice(0, format === "f16" ? undefined : 1)
          .flatMap((variant: AnyKernel["variants"][number]) => {
            if (!runsOn(device, variant)) return [];
            const testCase = cases.find((one) => isFloat(one) && (variant.applies?.(one.params, {}) ?? true));
            const what = i === 0 ? "reads and writes" : "reads";
            return testCase ? [[`${what} ${format} (${variant.name})`, made, variant.name, testCase] as const] : [];
          }),
      ),
    );
    test.each(runs)("%s", (_, made, variant, testCase) => compareWith(entry, made as AnyKernel, variant, testCase));
  },
);
