import type { Program } from "./run.js";

/** Last line of a program: trains it from the command line when its file is what Node was started with, else does nothing. */
export async function alone({ filename }: ImportMeta, program: Program): Promise<void> {
  // In a bundle every program has the bundle's file.
  if (filename !== process.argv[1] || !filename?.includes("articles")) return;
  const { main } = await import("./command_line.js");
  await main(filename, program);
}
