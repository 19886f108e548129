export * as data from "./data.js";
