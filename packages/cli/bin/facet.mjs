#!/usr/bin/env node
try {
  const { run } = await import("../dist/main.js");
  process.exitCode = await run();
} catch (error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  console.error("facet: not built yet. Run `npx turbo run build` in the root of the repository first.");
  process.exitCode = 1;
}
