// Fourier transforms, squared: they are linear themselves.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const row = (variant: string, shapes: GradientRow["shapes"], call: (x: F.Tensor) => F.Tensor): GradientRow => ({
  op: "fft",
  variant,
  shapes,
  call: (x) => F.square(call(x as F.Tensor)),
  eps: 0.5,
});

export const fftRows: readonly GradientRow[] = [
  row("8", [[2, 8, 2]], (x) => F.fft(x)),
  row("inverse of 4 along the first axis", [[4, 2, 2]], (x) => F.ifft(x, { axis: 0, norm: "ortho" })),
  row("5", [[5, 2]], (x) => F.fft(x)),
  row("of one", [[2, 1, 2]], (x) => F.ifft(x, { norm: "forward" })),
  row("real, cut", [[2, 7]], (x) => F.rfft(x, { n: 6 })),
  row("to real, filled up", [[3, 2]], (x) => F.irfft(x, { n: 8 })),
];
