import "../start.js";

export { Model } from "./model.js";
export { Sequential } from "./sequential.js";
