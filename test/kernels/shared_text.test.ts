// A shader is a whole file, so that what several of a family share stands in each of them: it is held to one text here.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { shaderText } from "../../scripts/wgsl.mjs";

const kernels = fileURLToPath(new URL("../../packages/kernels-wgsl/src/kernels/", import.meta.url));

/** Functions that a file has in a text of its own, though others of its family have them under the same name and arguments. */
const own: Readonly<Record<string, readonly string[]>> = {
  // Other layouts of the operands.
  "conv2d_forward_pixels.wgsl": ["load_x"],
  "conv2d_backward_input_depthwise.wgsl": ["next"],
  "conv2d_backward_filter_shared.wgsl": ["store"],
  "conv3d_forward.wgsl": ["store"],
  "conv3d_backward_input.wgsl": ["store"],
  "conv3d_backward_filter.wgsl": ["store"],
  "conv3d_backward_input_tile.wgsl": ["next", "offset"],
  "matmul_subgroup_strided.wgsl": ["store"],
  // Three operands, or a chain of ops.
  "elementwise_ternary.wgsl": ["advance", "place_three", "put"],
  "elementwise_chain.wgsl": ["put"],
  // Always four at once.
  "max_pool2d_backward_four_windows.wgsl": ["is_nan"],
  // Maxima carry their places, sums do not.
  "max_pool2d_backward_3x3.wgsl": ["column"],
  "max_pool2d_forward_2x2.wgsl": ["window"],
  "reduce_rows.wgsl": ["join"],
  "softmax_cross_entropy_backward.wgsl": ["class_of"],
};

interface Shared {
  file: string;
  signature: string;
  name: string;
  text: string;
}

/** Kernels of images and volumes are one family. */
const familyOf = (path: string): string => dirname(path).replace(/[23]d$/, "");

const functions = new Map<string, Shared[]>();
for (const path of readdirSync(kernels, { recursive: true, encoding: "utf8" }).sort()) {
  if (!path.endsWith(".wgsl")) continue;
  const text = shaderText(readFileSync(join(kernels, path), "utf8"));
  for (const [whole, signature, name] of text.matchAll(/^(fn (\w+)\([^{]*)\{(?:.*\}$|\n(?:[ \t].*\n)*\})/gm)) {
    if (name === "main") continue;
    const key = `${familyOf(path)}: ${(signature as string).trim()}`;
    const found = functions.get(key) ?? [];
    found.push({ file: basename(path), signature: key, name: name as string, text: whole });
    functions.set(key, found);
  }
}
const shared = [...functions.values()].filter((list) => list.length > 1);
const isOwn = ({ file, name }: Shared): boolean => own[file]?.includes(name) ?? false;

test("families share functions", () => {
  expect(shared.length).toBeGreaterThan(100);
});

test.each(shared.map((list) => [(list[0] as Shared).signature, list] as const))("%s is one text", (_, list) => {
  const texts = new Map<string, string[]>();
  for (const one of list.filter((given) => !isOwn(given)))
    texts.set(one.text, [...(texts.get(one.text) ?? []), one.file]);
  expect([...texts.values()].slice(1), `files that differ from ${[...texts.values()][0]}`).toEqual([]);
});

test("what is said to be a text of its own is one", () => {
  const stale = Object.entries(own).flatMap(([file, names]) =>
    names
      .filter((name) => {
        const among = shared.filter((list) => list.some((one) => one.file === file && one.name === name));
        return !among.some((list) => {
          const { text } = list.find((one) => one.file === file) as Shared;
          return list.every((one) => one.file === file || isOwn(one) || one.text !== text);
        });
      })
      .map((name) => `${file}: ${name}`),
  );
  expect(stale).toEqual([]);
});
