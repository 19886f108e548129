// Numbers as bytes, four to a word.
import { adopt, scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, fromData, type Tensor } from "../tensor.js";
import { cast, floorDivide, mul, sub } from "./elementwise.js";
import { sum } from "./reduce.js";
import { pad, reshape } from "./shape.js";

/** Places of the bytes of a word. */
const PLACES = [1, 2 ** 8, 2 ** 16, 2 ** 24];

/** The low bytes of whole numbers, as uint8: fractions are cut off, -1 is 255, 256 is 0. No gradient flows. */
export function toBytes(x: Tensor): Tensor {
  if (x.dtype === "uint8") return x;
  if (x.size === 0) return empty(x.shape, "uint8");
  return noGrad(() =>
    scope(() => {
      const whole = reshape(cast(x, "int32"), [x.size]);
      const low = cast(sub(whole, mul(floorDivide(whole, 256), 256)), "uint32");
      const filled = pad(low, [[0, (4 - (x.size % 4)) % 4]]);
      const places = fromData(PLACES, [4], "uint32");
      const words = sum(mul(reshape(filled, [filled.size / 4, 4]), places), { axes: 1 });
      return adopt(words.alias(x.shape, 0, "uint8"));
    }),
  );
}
