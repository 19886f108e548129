// What both entries export beside the loaders.
export { datasetName } from "./catalogue.js";
export { CIFAR10_RECORD, parseCifar10 } from "./cifar.js";
export { DIGITS_TEST_COUNT, DIGITS_TRAIN_COUNT, type DigitsOptions, generateDigits } from "./digits.js";
export { DatasetAbsentError, DatasetError } from "./errors.js";
export { gunzip } from "./gzip.js";
export { parseIdx } from "./idx.js";
export {
  DATASET_NAMES,
  type DatasetName,
  type DownloadProgress,
  type ImageDataset,
  type ImageLayout,
  type ImageSplit,
  type LoadOptions,
} from "./types.js";
