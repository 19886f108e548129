import "../start.js";

export { default_collate } from "./collate.js";
export { DataLoader, type DataLoaderArguments } from "./data_loader.js";
export { Dataset, random_split, Subset, TensorDataset } from "./dataset.js";
