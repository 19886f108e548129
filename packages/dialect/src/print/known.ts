import { knownValue, type Tensor } from "@facet/autograd";
import type { Printable } from "./array.js";

/** A tensor as printers see it: with the elements that the host knows. */
export function printable(tensor: Tensor, dtype: string = tensor.dtype): Printable {
  return { shape: tensor.shape, dtype, at: (i) => knownValue(tensor, i) };
}

/** As printable, with all elements read from the device. */
export async function read(tensor: Tensor, dtype: string = tensor.dtype): Promise<Printable> {
  const data = await tensor.data();
  return { shape: tensor.shape, dtype, at: (i) => data[i] };
}
