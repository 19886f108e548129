// Writes the generated digits as the four IDX files of MNIST, for programs in other languages: dump_digits.ts <directory>
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateDigits } from "../src/digits.js";

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: tsx dump_digits.ts <directory>");
mkdirSync(directory, { recursive: true });

function writeIdx(name: string, shape: number[], data: Uint8Array): void {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  shape.forEach((extent, i) => {
    header.setUint32(4 + 4 * i, extent);
  });
  writeFileSync(join(directory!, name), Buffer.concat([new Uint8Array(header.buffer), data]));
}

for (const [split, prefix] of [
  ["train", "train"],
  ["test", "t10k"],
] as const) {
  const start = performance.now();
  const { images, labels, count, height, width } = generateDigits({ split });
  console.log(`${split}: ${count} images in ${Math.round(performance.now() - start)} ms`);
  writeIdx(`${prefix}-images-idx3-ubyte`, [count, height, width], images);
  writeIdx(`${prefix}-labels-idx1-ubyte`, [count], labels);
}
