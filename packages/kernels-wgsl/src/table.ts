// Every kernel with its reference and cases, for tests, benches and the catalogue. Not part of the main entry, so that
// programs do not carry references.
import type { KernelEntry } from "./cases.js";
import { arangeEntries } from "./kernels/arange/arange.cases.js";
import { attentionEntries } from "./kernels/attention/attention.cases.js";
import { attentionForwardEntries } from "./kernels/attention/attention_forward.cases.js";
import { cdistEntries } from "./kernels/cdist/cdist.cases.js";
import { conv2dEntries } from "./kernels/conv2d/conv2d.cases.js";
import { conv3dEntries } from "./kernels/conv3d/conv3d.cases.js";
import { ctcEntries } from "./kernels/ctc/ctc.cases.js";
import { dropoutEntries } from "./kernels/dropout/dropout.cases.js";
import { elementwiseEntries } from "./kernels/elementwise/elementwise.cases.js";
import { elementwiseSpecialEntries } from "./kernels/elementwise/elementwise_special.cases.js";
import { integerCheckedEntries } from "./kernels/elementwise/integer_checked.cases.js";
import { embeddingEntries } from "./kernels/embedding/embedding.cases.js";
import { fftEntries } from "./kernels/fft/fft.cases.js";
import { foldEntries } from "./kernels/fold/fold.cases.js";
import { gatherEntries } from "./kernels/gather/gather.cases.js";
import { oneHotEntries } from "./kernels/gather/one_hot.cases.js";
import { scatterEntries } from "./kernels/gather/scatter.cases.js";
import { u8Entries } from "./kernels/gather/u8.cases.js";
import { gridSampleEntries } from "./kernels/grid_sample/grid_sample.cases.js";
import { linalgEntries } from "./kernels/linalg/linalg.cases.js";
import { matmulEntries } from "./kernels/matmul/matmul.cases.js";
import { normalizeEntries } from "./kernels/normalize/normalize.cases.js";
import { optimizerEntries } from "./kernels/optimizer/optimizer.cases.js";
import { paddingEntries } from "./kernels/padding/padding.cases.js";
import { pool2dEntries } from "./kernels/pool2d/pool2d.cases.js";
import { fractionalMaxPoolEntries } from "./kernels/pool3d/fractional_max_pool.cases.js";
import { pool3dEntries } from "./kernels/pool3d/pool3d.cases.js";
import { randomEntries } from "./kernels/random/random.cases.js";
import { randomParametersEntries } from "./kernels/random/random_parameters.cases.js";
import { recurrentEntries } from "./kernels/recurrent/recurrent.cases.js";
import { reduceEntries } from "./kernels/reduce/reduce.cases.js";
import { resampleEntries } from "./kernels/resample/resample.cases.js";
import { scanEntries } from "./kernels/scan/scan.cases.js";
import { segmentSumsEntries } from "./kernels/segments/segment_sums.cases.js";
import { softmaxEntries } from "./kernels/softmax/softmax.cases.js";
import { softmaxCrossEntropyEntries } from "./kernels/softmax_cross_entropy/softmax_cross_entropy.cases.js";
import { sortEntries } from "./kernels/sort/sort.cases.js";
import { stridedCopyEntries } from "./kernels/strided_copy/strided_copy.cases.js";

export type { BindingArray, BindingArrays, CaseRandom, KernelCase, KernelEntry } from "./cases.js";
export { type PreparedCase, prepareCase } from "./harness.js";
export { optimizerTable } from "./kernels/optimizer/optimizer_table.js";

/** In the order of the catalogue in README.md. */
export const kernelTable: readonly KernelEntry[] = [
  ...matmulEntries,
  ...elementwiseEntries,
  ...elementwiseSpecialEntries,
  ...integerCheckedEntries,
  ...reduceEntries,
  ...scanEntries,
  ...stridedCopyEntries,
  ...arangeEntries,
  ...gatherEntries,
  ...scatterEntries,
  ...u8Entries,
  ...oneHotEntries,
  ...embeddingEntries,
  ...sortEntries,
  ...cdistEntries,
  ...conv2dEntries,
  ...conv3dEntries,
  ...paddingEntries,
  ...foldEntries,
  ...pool2dEntries,
  ...pool3dEntries,
  ...fractionalMaxPoolEntries,
  ...resampleEntries,
  ...gridSampleEntries,
  ...normalizeEntries,
  ...softmaxEntries,
  ...softmaxCrossEntropyEntries,
  ...ctcEntries,
  ...attentionForwardEntries,
  ...attentionEntries,
  ...randomEntries,
  ...randomParametersEntries,
  ...dropoutEntries,
  ...recurrentEntries,
  ...linalgEntries,
  ...fftEntries,
  ...optimizerEntries,
  ...segmentSumsEntries,
];
