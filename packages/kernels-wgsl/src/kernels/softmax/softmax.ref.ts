import type { BindingArrays } from "../../cases.js";
import type { SoftmaxParams } from "./softmax.js";

/** Computes every row of the result, in f64, from the rows of the operands. */
function mapRows(p: SoftmaxParams, operands: Float32Array[], compute: (...rows: number[][]) => number[]): Float32Array {
  const result = new Float32Array(p.outer * p.size * p.inner);
  const rows = operands.map(() => new Array<number>(p.size));
  for (let o = 0; o < p.outer; o++) {
    for (let i = 0; i < p.inner; i++) {
      const at = o * p.size * p.inner + i;
      operands.forEach((operand, which) => {
        const row = rows[which] as number[];
        for (let j = 0; j < p.size; j++) row[j] = operand[at + j * p.inner] as number;
      });
      const computed = compute(...rows);
      for (let j = 0; j < p.size; j++) result[at + j * p.inner] = computed[j] as number;
    }
  }
  return result;
}

const sumOf = (row: number[]): number => row.reduce((sum, v) => sum + v, 0);
const maximumOf = (row: number[]): number => row.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY);

function softmax(x: number[]): number[] {
  const top = maximumOf(x);
  const exponentials = x.map((v) => Math.exp(v - top));
  const sum = sumOf(exponentials);
  return exponentials.map((e) => e / sum);
}

function logSoftmax(x: number[]): number[] {
  const top = maximumOf(x);
  const logSum = Math.log(sumOf(x.map((v) => Math.exp(v - top))));
  return x.map((v) => v - top - logSum);
}

export function softmaxForwardReference({ x }: BindingArrays, p: object): BindingArrays {
  return { y: mapRows(p as SoftmaxParams, [x as Float32Array], softmax) };
}

export function logSoftmaxForwardReference({ x }: BindingArrays, p: object): BindingArrays {
  return { y: mapRows(p as SoftmaxParams, [x as Float32Array], logSoftmax) };
}

export function softmaxBackwardReference({ y, dy }: BindingArrays, p: object): BindingArrays {
  return {
    dx: mapRows(p as SoftmaxParams, [y as Float32Array, dy as Float32Array], (values = [], grads = []) => {
      const dot = sumOf(values.map((v, j) => v * (grads[j] as number)));
      return values.map((v, j) => v * ((grads[j] as number) - dot));
    }),
  };
}

export function logSoftmaxBackwardReference({ y, dy }: BindingArrays, p: object): BindingArrays {
  return {
    dx: mapRows(p as SoftmaxParams, [y as Float32Array, dy as Float32Array], (values = [], grads = []) => {
      const sum = sumOf(grads);
      return values.map((v, j) => (grads[j] as number) - Math.exp(v) * sum);
    }),
  };
}
