// The Node entry: the portable package with Dawn as its source of adapters.
import "./runtime/adapters_node.js";
import "./runtime/exit_node.js";
import "./runtime/garbage_node.js";
import "./runtime/profile_node.js";
import "./runtime/tuning_node.js";

export * from "./index.js";
