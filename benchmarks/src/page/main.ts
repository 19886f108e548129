// `npx tsx benchmarks/src/page/main.ts FILE.json`: page, Markdown and pictures again, without measuring.
import { writeAgain } from "./write.js";

const files = process.argv.slice(2);
if (files.length === 0 || files.some((file) => !file.endsWith(".json"))) {
  console.error(`page: expected reports of the bench, as JSON, got ${files.join(" ") || "none"}`);
  process.exit(2);
}
process.exit(await writeAgain(files));
