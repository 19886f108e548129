import "../start.js";

export * as datasets from "./datasets.js";
export * as transforms from "./transforms.js";
