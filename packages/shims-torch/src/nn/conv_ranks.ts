// Convolutions of sequences and volumes as layers: apart from that of images, so that a page with images carries no others.
import { convolution } from "./conv.js";
import { conv1d, conv3d } from "./functional_conv_nd.js";

/** Convolution of [N, C, W] (or [C, W]). Weight [out, in / groups, k], initially U(+-1 / sqrt(fan_in)), as the bias. */
export class Conv1d extends convolution("Conv1d", 1, conv1d) {}
/** Convolution of [N, C, D, H, W] (or [C, D, H, W]). Weight [out, in / groups, kd, kh, kw], initially U(+-1 / sqrt(fan_in)), as the bias. */
export class Conv3d extends convolution("Conv3d", 3, conv3d) {}
