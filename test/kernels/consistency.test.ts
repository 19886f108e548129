// Specs, shaders, references, cases and the catalogue of packages/kernels-wgsl agree with each other.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as kernels from "@facet/kernels-wgsl";
import { type AnyKernel, type BindingSpec, specialise } from "@facet/kernels-wgsl";
import { kernelTable } from "@facet/kernels-wgsl/table";
import { describe, expect, test } from "vitest";
import { shaderText } from "../../scripts/wgsl.mjs";

const home = fileURLToPath(new URL("../../packages/kernels-wgsl/", import.meta.url));
const shaders = readdirSync(join(home, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".wgsl"))
  .map((path) => join(home, "src", path))
  .sort();
/** By what programs carry of a file: its text without comments. */
const fileOf = new Map(shaders.map((path) => [shaderText(readFileSync(path, "utf8")), path]));
const stem = (path: string): string => basename(path, ".wgsl");

/** The comment lines that a shader begins with. */
const headOf = (wgsl: string): string[] => {
  const lines = wgsl.split("\n");
  return lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("//")),
  );
};

/** Replaces aliases by what they stand for: `alias V = vec4<f32>; ... array<V>` has elements vec4<f32>. */
function resolver(wgsl: string): (type: string) => string {
  const aliases = new Map([...wgsl.matchAll(/^alias (\w+) = ([^;]+);/gm)].map(([, name, type]) => [name, type]));
  const resolve = (type: string): string =>
    type.replace(/\w+/g, (word) => (aliases.has(word) ? resolve(aliases.get(word) as string) : word));
  return resolve;
}

interface Declared {
  group: number;
  binding: number;
  space: string;
  name: string;
  type: string;
}

function declarations(wgsl: string): Declared[] {
  const resolve = resolver(wgsl);
  const pattern = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<([^>]+)>\s*(\w+)\s*:\s*([^;]+);/g;
  return [...wgsl.matchAll(pattern)].map(([, group, binding, space, name, type]) => ({
    group: Number(group),
    binding: Number(binding),
    space: (space as string).replaceAll(" ", ""),
    name: name as string,
    type: resolve((type as string).replaceAll(" ", "")),
  }));
}

/** Fields of `struct Params`; the commas between them are those outside angle brackets. */
function structParams(wgsl: string): [name: string, type: string][] {
  const body = /struct Params \{([^}]*)\}/.exec(wgsl)?.[1]?.replace(/\/\/.*$/gm, "") ?? "";
  const fields = body.split(/,(?![^<]*>)/).filter((field) => field.trim() !== "");
  return fields.map((field) => {
    const [name, type] = field.split(":").map((part) => part.trim());
    return [name as string, resolver(wgsl)(type as string)];
  });
}

/** Scalar type behind `array<vec4<f32>>`, `array<array<vec4<f32>,4>>`, `array<atomic<u32>>`, `array<i32>`. */
const scalarOf = (type: string): string | undefined => /(f32|i32|u32)(>|, ?\d+)*$/.exec(type)?.[1];

test("the folder has shaders and the table has kernels", () => {
  expect(shaders.length).toBeGreaterThan(10);
  expect(kernelTable.length).toBeGreaterThan(10);
});

test("every shader is used by a variant of a kernel in the table", () => {
  const used = kernelTable.flatMap(({ kernel }) =>
    kernel.variants.map((variant) => fileOf.get(variant.wgsl ?? kernel.wgsl)),
  );
  expect(shaders.filter((path) => !used.includes(path)).map((path) => relative(home, path))).toEqual([]);
});

test("every kernel that the package exports is in the table, once", () => {
  const isKernel = (value: unknown): value is AnyKernel =>
    typeof value === "object" && value !== null && "wgsl" in value && "variants" in value && "layout" in value;
  const exported = Object.values(kernels as Record<string, unknown>).filter(isKernel);
  const tabled = kernelTable.map(({ kernel }) => kernel.name);
  expect([...new Set(tabled)]).toEqual(tabled);
  expect(exported.map((kernel) => kernel.name).sort()).toEqual([...tabled].sort());
  for (const { kernel } of kernelTable) expect(exported).toContain(kernel);
});

test("the cipher of every shader that draws random bits, where a workgroup of matmul works, activations of recurrent cells, and where a grid samples are the same text", () => {
  for (const name of ["threefry", "unit", "tile_of", "exp_v", "sigmoid_v", "tanh_v", "mirrored", "image_place"]) {
    const texts = [...fileOf.keys()].flatMap((wgsl) => wgsl.match(new RegExp(`^fn ${name}\\([^]*?^}`, "m")) ?? []);
    expect(texts.length).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(1);
  }
});

test("functions of one name in the elementwise shaders and scans are the same text: a fused op computes what it does alone", () => {
  // These differ by the number of operands.
  const own = /^(main|f|apply|put|locate|next|units|advance|broadcast|place_three|initial|combine|join)$/;
  const texts = new Map<string, Set<string>>();
  for (const path of shaders.filter((path) => ["elementwise", "scan", "ctc"].includes(basename(dirname(path))))) {
    for (const [text, name = ""] of readFileSync(path, "utf8").matchAll(/^fn (\w+)\((?:.* \}$|[\s\S]*?^\}$)/gm))
      if (!own.test(name)) texts.set(name, (texts.get(name) ?? new Set()).add(text));
  }
  expect(texts.size).toBeGreaterThan(20);
  for (const [name, versions] of texts) expect([name, versions.size]).toEqual([name, 1]);
});

test("functions of one name in the shaders of attention's softmax are the same text: the gradient sees what forward saw", () => {
  const texts = new Map<string, string[]>();
  for (const path of shaders.filter((path) => stem(path).startsWith("attention_softmax")))
    for (const [text, name = ""] of readFileSync(path, "utf8").matchAll(/^fn (\w+)\((?:.* \}$|[\s\S]*?^\}$)/gm))
      if (name !== "main") texts.set(name, [...(texts.get(name) ?? []), text]);
  const several = [...texts.values()].filter((versions) => versions.length > 1);
  expect(several.length).toBeGreaterThan(10);
  for (const versions of several) expect(new Set(versions).size, versions[0]).toBe(1);
});

test("how places are found and carried is the same text for operands of an elementwise op and of a copy", () => {
  for (const name of ["place_three", "advance"]) {
    const texts = [
      "elementwise/elementwise_binary",
      "elementwise/elementwise_ternary",
      "strided_copy/strided_copy",
    ].map((stem) => {
      const wgsl = readFileSync(shaders.find((path) => path.endsWith(`${stem}.wgsl`)) as string, "utf8");
      const [text] = wgsl.match(new RegExp(`^fn ${name}\\([^]*?^}`, "m")) as RegExpMatchArray;
      return text.replaceAll("vec3", "vec2").replaceAll(".yzw", ".yz");
    });
    expect(new Set(texts).size, name).toBe(1);
  }
});

describe.each(shaders.map((path) => [relative(home, path), path]))("%s", (_, path) => {
  const wgsl = readFileSync(path, "utf8");

  test("begins with a comment of at most 12 lines that says what it computes and where its reference is", () => {
    const head = headOf(wgsl);
    expect(head.length).toBeGreaterThan(2);
    expect(head.length).toBeLessThanOrEqual(12);
    expect(head[0]).toMatch(/^\/\/ \w+( and \w+)?(: |, variant for )/);
    const references = [...(/Reference: (.*)$/m.exec(head.join("\n"))?.[1]?.matchAll(/\w+(?:\.ref)?\.ts/g) ?? [])];
    expect(references.length).toBeGreaterThan(0);
    for (const [file] of references) expect(existsSync(join(dirname(path), file)), file).toBe(true);
  });

  test("has one entry point, main", () => {
    expect(wgsl.match(/@compute/g)).toHaveLength(1);
    expect(wgsl).toMatch(/^fn main\(/m);
  });
});

describe.each(kernelTable.map((entry) => [entry.kernel.name, entry] as const))("%s", (name, { kernel, cases }) => {
  test("is called as the file of its main shader", () => {
    const path = fileOf.get(kernel.wgsl);
    expect(path).toBeDefined();
    expect(stem(path as string)).toBe(name);
  });

  test("has cases of distinct names, and one for the bench", () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(new Set(cases.map((testCase) => testCase.name)).size).toBe(cases.length);
    expect(cases.some((testCase) => testCase.bench)).toBe(true);
  });

  test("has variants of distinct names, one of which takes each case", () => {
    const names = kernel.variants.map((variant) => variant.name);
    expect(new Set(names).size).toBe(names.length);
    const refused = cases.filter(
      ({ params }) => !kernel.variants.some((variant) => variant.applies?.(params, {}) ?? true),
    );
    expect(refused.map((testCase) => testCase.name)).toEqual([]);
  });

  test.each(kernel.variants.map((variant) => [variant.name, variant] as const))(
    "declares what the spec says: %s",
    (_, variant) => {
      const raw = variant.wgsl ?? kernel.wgsl;
      const source = readFileSync(fileOf.get(raw) as string, "utf8");
      expect(headOf(source)[0], "the first line names the kernel").toMatch(new RegExp(`^// (\\w+ and )?${name}\\b`));
      const wgsl = specialise(raw, variant.constants ?? {}, name);
      const declared = declarations(wgsl);
      const bindings = Object.entries(kernel.bindings as Record<string, BindingSpec>);
      expect(declared.map(({ name }) => name)).toEqual([...bindings.map(([binding]) => binding), "params"]);
      expect(declared.map(({ group, binding }) => [group, binding])).toEqual(declared.map((_, i) => [0, i]));
      for (const [i, [binding, spec]] of bindings.entries()) {
        const { space, type } = declared[i] as Declared;
        expect(space, binding).toBe(`storage,${spec.access}`);
        // Halves are bound as words.
        const dtypes = [spec.dtype].flat().map((dtype) => (/^b?f16$/.test(dtype) ? "u32" : dtype));
        expect(type, binding).toMatch(/^array<.*>$/);
        expect(dtypes, binding).toContain(scalarOf(type));
      }
      expect(declared.at(-1)).toMatchObject({ space: "uniform", type: "Params" });
      expect(structParams(wgsl)).toEqual(Object.entries(kernel.params));
    },
  );
});

describe("the catalogue in README.md", () => {
  const readme = readFileSync(join(home, "README.md"), "utf8");
  const [header, , ...rows] = (readme.match(/^\|.*\|$/gm) ?? []).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

  test("has a row for every kernel, in the order of the table", () => {
    expect(header).toEqual(["Kernel", "Does", "Layout", "Variants", "Reference"]);
    expect(rows.map(([cell]) => /^\[`(\w+)`\]/.exec(cell ?? "")?.[1])).toEqual(
      kernelTable.map(({ kernel }) => kernel.name),
    );
  });

  test.each(kernelTable.map(({ kernel }, i) => [kernel.name, kernel, i] as const))(
    "tells the truth about %s",
    (_, kernel, i) => {
      const [link, does, layout, variants, reference] = rows[i] ?? [];
      const target = (cell?: string) => join(home, /\]\(([^)]+)\)$/.exec(cell ?? "")?.[1] ?? "no link");
      const path = fileOf.get(kernel.wgsl) as string;
      expect(target(link)).toBe(path);
      expect(does).not.toBe("");
      expect(layout).not.toBe("");
      expect(variants?.split(", ")).toEqual(kernel.variants.map((variant) => variant.name));
      expect(existsSync(target(reference)), reference).toBe(true);
      expect(dirname(target(reference))).toBe(dirname(path));
      expect(target(reference)).toMatch(/\.ref\.ts$/);
    },
  );
});
