// The entry of browsers, and the types of both.
export * from "./api.js";
export { defaultDataset, loadDataset } from "./load.js";
