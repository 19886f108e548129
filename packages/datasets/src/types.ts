/** The sets there are. */
export const DATASET_NAMES = ["mnist", "fashion_mnist", "cifar10", "digits"] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

/** Order of the bytes of `images`. With one channel both are the same bytes. */
export type ImageLayout = "NHWC" | "NCHW";

export interface ImageSplit {
  /** Pixels 0-255, [count, height, width, channels] or [count, channels, height, width] as `layout` says. */
  images: Uint8Array;
  /** One class index per image. */
  labels: Uint8Array;
  count: number;
  height: number;
  width: number;
  channels: number;
  layout: ImageLayout;
}

export interface ImageDataset {
  name: DatasetName;
  train: ImageSplit;
  test: ImageSplit;
  /** What each class index means, in English. */
  classes: readonly string[];
  /** What a user must know of these images and cannot see from them, for example that a part of the set is missing. */
  note?: string;
}

export interface DownloadProgress {
  url: string;
  receivedBytes: number;
  /** Null while it is unknown because the server does not say; equal to `receivedBytes` at the end. */
  totalBytes: number | null;
}

export interface LoadOptions {
  /** Order of the pixels given back; default "NHWC". */
  layout?: ImageLayout;
  /** Take only the first so many training images; default all. */
  limit?: number;
  /** Take only the first so many test images; default all. */
  testLimit?: number;
  /**
   * Where the files are, and the only place then looked in: in Node a directory, in a browser an address, with the files in
   * a folder `mnist`, `fashion-mnist` or `cifar10` of it. Default: see `loadDataset`.
   */
  directory?: string;
  /** Whether the files may be downloaded where there are none; default true. */
  download?: boolean;
  /** Told of every piece of a download. Default: in Node a line or a bar on stderr, in a browser nothing. */
  onProgress?: (progress: DownloadProgress) => void;
}
