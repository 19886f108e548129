import "../start.js";

export { default_collate, default_convert } from "./collate.js";
export { DataLoader, type DataLoaderArguments, get_worker_info } from "./data_loader.js";
export { Dataset, random_split, Subset, TensorDataset } from "./dataset.js";
export { ChainDataset, ConcatDataset, IterableDataset, StackDataset } from "./joined_datasets.js";
export {
  BatchSampler,
  RandomSampler,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from "./samplers.js";
