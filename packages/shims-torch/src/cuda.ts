// torch.cuda, as far as a program asks it whether to use CUDA.

/** False: the device is WebGPU's. */
export const is_available = (): boolean => false;
/** 0. */
export const device_count = (): number => 0;
