// torch.cuda, as far as a program asks it whether to use CUDA.
import { define } from "@facet/dialect";

/** False: the device is WebGPU's. */
export const is_available: () => boolean = define("torch.cuda.is_available", {}, () => false);
/** 0. */
export const device_count: () => number = define("torch.cuda.device_count", {}, () => 0);
