import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { expectClose } from "./allclose.js";
import { loadGolden } from "./golden.js";
import { formulaWeights } from "./random.js";

const folder = mkdtempSync(join(tmpdir(), "facet-golden-")) + sep;
afterAll(() => rmSync(folder, { recursive: true }));

const base64 = (values: Float32Array | Int32Array | Uint32Array) => Buffer.from(values.buffer).toString("base64");
const good = { shape: [2, 2], dtype: "float32", data: base64(new Float32Array([1, -2.5, Number.NaN, 2 ** -20])) };

/** Writes a file of one case with the tensor x and loads it. */
const load = (x: unknown, rest: object = {}) => {
  const content = { generator: "test", cases: [{ name: "one", params: { stride: 2 }, tensors: { x }, ...rest }] };
  writeFileSync(`${folder}file.json`, JSON.stringify(content));
  return loadGolden("file", folder);
};

describe("loadGolden", () => {
  test("reads header, params and arrays of every dtype", () => {
    const golden = load(good);
    expect(golden.header).toEqual({ generator: "test" });
    expect(golden.case("one").params).toEqual({ stride: 2 });
    expect(golden.case("one").tensor("x").shape).toEqual([2, 2]);
    expect([...golden.case("one").floats("x")]).toEqual([1, -2.5, Number.NaN, 2 ** -20]);
    const ints = load({ shape: [2], dtype: "int32", data: base64(new Int32Array([-7, 2 ** 30])) });
    expect([...ints.case("one").ints("x")]).toEqual([-7, 2 ** 30]);
    const words = load({ shape: [], dtype: "uint32", data: base64(new Uint32Array([0xfffffffe])) });
    expect([...words.case("one").words("x")]).toEqual([0xfffffffe]);
    expect(words.case("one").tensors).toEqual(["x"]);
    expect(words.case("one").has("b")).toBe(false);
  });

  test("gives fresh arrays each time", () => {
    load(good).case("one").floats("x").fill(0);
    expect(loadGolden("file", folder).case("one").floats("x")[0]).toBe(1);
  });

  test("names what is missing or of another kind", () => {
    const golden = load(good);
    expect(() => golden.case("two")).toThrow(/file\.json: no case two; there are one/);
    expect(() => golden.case("one").tensor("w")).toThrow(/case one: no array w; there are x/);
    expect(() => golden.case("one").ints("x")).toThrow("case one, x: float32, not int32");
    expect(() => golden.case("one").words("x")).toThrow("float32, not uint32");
    expect(() =>
      load({ shape: [1], dtype: "int32", data: "AAAAAA==" })
        .case("one")
        .floats("x"),
    ).toThrow("int32, not");
    expect(() => loadGolden("absent", folder)).toThrow("absent.json");
  });

  test("refuses malformed files", () => {
    expect(() => load({ ...good, shape: [5] })).toThrow("case one, x: 16 bytes, shape [5] needs 20");
    expect(() => load({ ...good, shape: [3] })).toThrow("16 bytes, shape [3] needs 12");
    expect(() => load({ ...good, data: good.data.slice(0, 8) })).toThrow("shape [2, 2] needs 16");
    expect(() => load({ ...good, dtype: "float64" })).toThrow("dtype float64, expected float32, int32, uint32");
    expect(() => load({ shape: [1] })).toThrow("case one, x: shape or data missing");
    expect(() => load(null)).toThrow("shape or data missing");
    expect(() => load(good, { params: undefined })).toThrow("case one: name, params or tensors missing");
    writeFileSync(`${folder}file.json`, JSON.stringify({ cases: [] }));
    expect(() => loadGolden("file", folder)).toThrow("no cases");
    const twice = { name: "one", params: {}, tensors: { x: good } };
    writeFileSync(`${folder}file.json`, JSON.stringify({ cases: [twice, twice] }));
    expect(() => loadGolden("file", folder)).toThrow("a case name is used twice");
  });
});

describe("the golden files", () => {
  const names = readdirSync(fileURLToPath(new URL("../../../test/goldens", import.meta.url)))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    // Facts, texts and calls, without arrays: tests of their own read them.
    .filter(
      (name) =>
        !/^(signatures_|printing_|(distributions|keras_applications|keras_calls|keras_utils|schedules|torch_arguments|torch_modules|torch_nn|torch_views|transforms)$)/.test(
          name,
        ),
    );

  /** What a case says it called: a function, or something that is made first. */
  const called = [
    "fn",
    "initializer",
    "layer",
    "layers",
    "loss",
    "metric",
    "norm",
    "optax",
    "optimizer",
    "results",
    "schedule",
  ];

  test("are there", () => expect(names.length).toBeGreaterThanOrEqual(16));

  test.each(names)("%s can be read, says who wrote it, and holds numbers", (name) => {
    const golden = loadGolden(name);
    expect(golden.header.generator).toMatch(/^test\/goldens\/generate_\w+\.py( \w+)?$/);
    for (const entry of golden.cases) {
      // A whole program is called by the name of its case.
      if (name !== "jax_compositions" && !/^flax_\w+ train_/.test(`${name} ${entry.name}`))
        expect(Object.keys(entry.params), entry.name).toSatisfy((keys: string[]) =>
          keys.some((key) => called.includes(key)),
        );
      const isFiniteThroughout = (tensor: string): boolean =>
        Array.from(entry.tensor(tensor).data).every(Number.isFinite);
      // A case about special values has them among its inputs, and they lead to others.
      if (entry.tensors.some((tensor) => !/^[yd]/.test(tensor) && !isFiniteThroughout(tensor))) continue;
      for (const tensor of entry.tensors) {
        // Edges are about what is not finite, and arguments and poles lead there.
        if (name === "edges" || name === "jax_arguments" || / at edges$/.test(entry.name)) continue;
        // Outside of where a density stands its logarithm is -infinity.
        const isLogarithm = name === "jax_scipy" && tensor === "y" && /\.log(pdf|pmf|cdf|sf) /.test(entry.name);
        if (isLogarithm && Array.from(entry.tensor(tensor).data).every((x) => x < Number.POSITIVE_INFINITY)) continue;
        // PyTorch's mean over labels that are all ignored is 0 / 0.
        if (name === "cross_entropy" && entry.name === "all_ignored_mean" && tensor === "y") continue;
        expect(isFiniteThroughout(tensor), `${name}, ${entry.name}, ${tensor}`).toBe(true);
      }
    }
  });

  test("conv2d agrees with the convolution's definition", () => {
    const { params, floats, tensor } = loadGolden("conv2d").case("everything");
    const [, , height, width] = tensor("x").shape as [number, number, number, number];
    const [, perGroup, kh, kw] = tensor("w").shape as [number, number, number, number];
    const [n, outs, oh, ow] = tensor("y").shape as [number, number, number, number];
    const [x, w, b] = [floats("x"), floats("w"), floats("b")];
    const y: number[] = [];
    for (let i = 0; i < n * outs * oh * ow; i++) {
      const [col, row] = [i % ow, Math.floor(i / ow) % oh];
      const [out, image] = [Math.floor(i / (ow * oh)) % outs, Math.floor(i / (ow * oh * outs))];
      const group = Math.floor(out / (outs / params.groups));
      let sum = b[out]!;
      for (let k = 0; k < perGroup * kh * kw; k++) {
        const [kx, ky, channel] = [k % kw, Math.floor(k / kw) % kh, Math.floor(k / (kw * kh))];
        const h = row * params.stride[0] - params.padding[0][0] + ky * params.dilation[0];
        const v = col * params.stride[1] - params.padding[1][0] + kx * params.dilation[1];
        if (h < 0 || h >= height || v < 0 || v >= width) continue;
        const plane = image * perGroup * params.groups + group * perGroup + channel;
        sum += x[(plane * height + h) * width + v]! * w[out * perGroup * kh * kw + k]!;
      }
      y.push(sum);
    }
    expectClose(y, floats("y"), { rtol: 1e-6, atol: 1e-6, shape: tensor("y").shape });
  });

  test("cnn's weights are formulaWeights, to the bit", () => {
    const { params, words } = loadGolden("cnn").case("cnn");
    const sums = params.parameters.map(
      ({ shape, scale, stream }: { shape: number[]; scale: number; stream: number }) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        const bits = new Uint32Array(formulaWeights(size, scale, stream).buffer);
        return bits.reduce((sum, word) => (sum + word) >>> 0, 0);
      },
    );
    expect(sums).toEqual([...words("checksums")]);
  });
});
