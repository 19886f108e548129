// The entry of Node: the names of index.ts, with loaders that know directories and a cache.
export * from "./api.js";
export { defaultDataset, loadDataset } from "./load_node.js";
