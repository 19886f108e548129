// Commands of networks' captured steps, where a filter asked for them.
import { commandTable } from "../profile_networks.js";
import type { Report } from "../report.js";
import type { Section } from "./section.js";

export function networksSection({ networks = [] }: Report): Section | undefined {
  if (networks.length === 0) return undefined;
  return {
    id: "networks",
    title: "Commands of networks' steps",
    sentences: ["What a captured step does, in order, with the time of each command by timestamps."],
    charts: [],
    tables: networks.map(commandTable),
  };
}
