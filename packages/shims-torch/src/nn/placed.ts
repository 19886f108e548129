import { UnsupportedError } from "@facet/autograd";
import { checkDevice, type Device, type Dtype } from "../dtype.js";

/** Throws unless parameters can be made there: on the one device there is, as float32. */
export function placed(op: string, { device, dtype }: { device: Device | string | null; dtype: Dtype | null }): void {
  if (device !== null) checkDevice(op, device);
  if (dtype === null || dtype.core === "float32") return;
  throw new UnsupportedError({ op, argument: "dtype", expected: "torch.float32", given: `${dtype}` });
}
