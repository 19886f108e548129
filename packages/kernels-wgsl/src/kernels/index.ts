export * from "./matmul/matmul.js";
