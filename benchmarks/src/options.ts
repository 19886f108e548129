// The command line of the bench.
import { parseArgs } from "node:util";
import { defaultPeers, peerNames } from "./peers.js";

/** In the order in which they run. */
export const parts = ["programs", "profile", "replay", "api", "experiments", "kernels", "peers"] as const;
export type Part = (typeof parts)[number];

const HELP = `Measures Facet on one adapter.

  npx turbo run bench -- [options]

  --filter TEXT     only rows whose kernel, case, workload, dialect or experiment contains TEXT; the part \`profile\` lists the
                    commands of the networks among these workloads
  --only PART       ${parts.join(", ")}; may be repeated
  --peers LIST      libraries beside Facet, separated by commas (of ${peerNames.join(",")};
                    default ${defaultPeers.join(",")}; "" for none)
  --experiment NAME only this experiment; \`--experiment --help\` lists them and their options
  --variants        times all variants of each kernel, not only the one that is taken here
  --full            the long list of workloads: matmul to 2048, batches 1 to 512, Adam over 25 million parameters
  --minutes M       time for the whole (default 5.5): rows get less of it on a slow adapter, and what does not fit is
                    left out and listed
  --budget MS       time spent on one row and library, warm-up not counted (default 150)
  --images N        training images for the dialects' epoch (default 1280; a fifth of it for the aligned programs)
  --out FOLDER      where JSON, Markdown and page go (default benchmarks/results)
  --merge FILE      puts what torch_cuda.py wrote beside the report named by --into, writes that again, and ends
  --into FILE       a report of the bench, as JSON
  --page FILE       makes page, Markdown and pictures of a report again, from its JSON, and ends
  --help

FACET_ADAPTER chooses the adapter: hardware, lavapipe, swiftshader, or a part of its name.
A whole run writes <adapter>.json, .md and .html, and a line of history/<adapter>.jsonl; a narrowed one partial.*.`;

/** Ends the process: the command line cannot be followed. */
export function fail(message: string): never {
  console.error(`bench: ${message}\n\n${HELP}`);
  process.exit(2);
}

/** Reads the process's own command line; ends the process with help or with what is wrong. */
export function readOptions() {
  let values: ReturnType<typeof parse>["values"];
  try {
    values = parse().values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const positive = (name: "budget" | "images" | "minutes", whole: boolean): number => {
    const value = Number(values[name]);
    if (value > 0 && (!whole || Number.isInteger(value))) return value;
    return fail(`--${name}: expected a positive ${whole ? "integer" : "number"}, got ${values[name]}`);
  };
  for (const part of values.only ?? [])
    if (!parts.includes(part as Part)) fail(`--only: expected one of ${parts.join(", ")}, got ${part}`);
  const peers = values.peers.split(",").filter((name) => name !== "");
  for (const name of peers)
    if (!peerNames.includes(name)) fail(`--peers: expected ${peerNames.join(", ")}, got ${name}`);
  if (values.merge !== undefined && values.into === undefined)
    fail("--merge: expected --into FILE beside it, got none");
  return {
    ...values,
    peers,
    budget: positive("budget", true),
    images: positive("images", true),
    minutes: positive("minutes", false),
    /** Whether everything is measured, so that the result stands for the adapter. */
    whole: !values.filter && !values.only && !values.variants,
  };
}

const parse = () =>
  parseArgs({
    options: {
      filter: { type: "string" },
      only: { type: "string", multiple: true },
      budget: { type: "string", default: "150" },
      minutes: { type: "string", default: "5.5" },
      images: { type: "string", default: "1280" },
      peers: { type: "string", default: defaultPeers.join(",") },
      variants: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      merge: { type: "string" },
      into: { type: "string" },
      page: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
