import { compare } from "./experiments/main.js";

process.exitCode = await compare(process.argv.slice(2));
