// The namespaces of torch: reading a name that is not there throws, and names COMPAT.md and the nearest one. What stands under
// `declare namespace` are the types of their classes: `torch.nn.Module` is a type too.
import { namespace } from "@facet/dialect";
import * as autogradMembers from "./autograd/index.js";
import * as acceleratorMembers from "./devices/accelerator.js";
import * as cudaMembers from "./devices/cuda.js";
import * as distributionsMembers from "./distributions/index.js";
import * as fftMembers from "./fft.js";
import * as funcMembers from "./func/index.js";
import * as linalgMembers from "./linalg.js";
import * as maskedMembers from "./masked.js";
import * as nnMembers from "./nn/index.js";
import * as moduleMembers from "./nn/module_names.js";
import * as optimMembers from "./optim/index.js";
import * as windowMembers from "./signal_windows.js";
import * as specialMembers from "./special.js";
import * as torchvisionMembers from "./torchvision/index.js";
import * as checkpointMembers from "./utils/checkpoint.js";
import * as dataMembers from "./utils/data.js";

export const accelerator = namespace("torch.accelerator", acceleratorMembers);
export { backends } from "./devices/backends.js";
export const autograd = namespace("torch.autograd", {
  ...autogradMembers,
  function: namespace("torch.autograd.function", autogradMembers.function),
  functional: namespace("torch.autograd.functional", autogradMembers.functional),
});
export declare namespace autograd {
  type FunctionCtx = autogradMembers.FunctionCtx;
}
export const cuda = namespace("torch.cuda", cudaMembers);
export declare namespace cuda {
  type Event = cudaMembers.Event;
}
export const distributions = namespace("torch.distributions", distributionsMembers);
export declare namespace distributions {
  type Distribution = distributionsMembers.Distribution;
  type Beta = distributionsMembers.Beta;
  type Cauchy = distributionsMembers.Cauchy;
  type Exponential = distributionsMembers.Exponential;
  type Gamma = distributionsMembers.Gamma;
  type Gumbel = distributionsMembers.Gumbel;
  type HalfNormal = distributionsMembers.HalfNormal;
  type Laplace = distributionsMembers.Laplace;
  type LogNormal = distributionsMembers.LogNormal;
  type Normal = distributionsMembers.Normal;
  type Uniform = distributionsMembers.Uniform;
  type Bernoulli = distributionsMembers.Bernoulli;
  type Categorical = distributionsMembers.Categorical;
  type Geometric = distributionsMembers.Geometric;
  type OneHotCategorical = distributionsMembers.OneHotCategorical;
  type Poisson = distributionsMembers.Poisson;
  type Dirichlet = distributionsMembers.Dirichlet;
  type Independent = distributionsMembers.Independent;
  type MultivariateNormal = distributionsMembers.MultivariateNormal;
}
export const fft = namespace("torch.fft", fftMembers);
export const func = namespace("torch.func", funcMembers);
export const linalg = namespace("torch.linalg", linalgMembers);
export const masked = namespace("torch.masked", maskedMembers);
export const signal = namespace("torch.signal", { windows: namespace("torch.signal.windows", windowMembers) });
export const special = namespace("torch.special", specialMembers);

export const nn = namespace("torch.nn", {
  ...nnMembers,
  functional: namespace("torch.nn.functional", nnMembers.functional),
  init: namespace("torch.nn.init", nnMembers.init),
  modules: namespace("torch.nn.modules", { module: namespace("torch.nn.modules.module", moduleMembers) }),
  utils: namespace("torch.nn.utils", {
    ...nnMembers.utils,
    rnn: namespace("torch.nn.utils.rnn", nnMembers.utils.rnn),
  }),
});
export declare namespace nn {
  type Module = nnMembers.Module;
  type ModuleDict = nnMembers.ModuleDict;
  type ParameterList = nnMembers.ParameterList;
  type ParameterDict = nnMembers.ParameterDict;
  type Parameter = nnMembers.Parameter;
  type StateDict = nnMembers.StateDict;
  type IncompatibleKeys = nnMembers.IncompatibleKeys;
  type Size1 = nnMembers.Size1;
  type LazyConv1d = nnMembers.LazyConv1d;
  type LazyConv2d = nnMembers.LazyConv2d;
  type LazyConv3d = nnMembers.LazyConv3d;
  type LazyConvTranspose1d = nnMembers.LazyConvTranspose1d;
  type LazyConvTranspose2d = nnMembers.LazyConvTranspose2d;
  type LazyConvTranspose3d = nnMembers.LazyConvTranspose3d;
  type LazyBatchNorm1d = nnMembers.LazyBatchNorm1d;
  type LazyBatchNorm2d = nnMembers.LazyBatchNorm2d;
  type LazyBatchNorm3d = nnMembers.LazyBatchNorm3d;
  type LazyInstanceNorm1d = nnMembers.LazyInstanceNorm1d;
  type LazyInstanceNorm2d = nnMembers.LazyInstanceNorm2d;
  type LazyInstanceNorm3d = nnMembers.LazyInstanceNorm3d;
  type LazyLinear = nnMembers.LazyLinear;
  type UninitializedParameter = nnMembers.UninitializedParameter;
  type UninitializedBuffer = nnMembers.UninitializedBuffer;
  type Size2 = nnMembers.Size2;
  type Size3 = nnMembers.Size3;
  type AdaptiveAvgPool1d = nnMembers.AdaptiveAvgPool1d;
  type AdaptiveAvgPool2d = nnMembers.AdaptiveAvgPool2d;
  type AdaptiveAvgPool3d = nnMembers.AdaptiveAvgPool3d;
  type AdaptiveMaxPool1d<I extends boolean = false> = nnMembers.AdaptiveMaxPool1d<I>;
  type AdaptiveMaxPool2d<I extends boolean = false> = nnMembers.AdaptiveMaxPool2d<I>;
  type AdaptiveMaxPool3d<I extends boolean = false> = nnMembers.AdaptiveMaxPool3d<I>;
  type FractionalMaxPool2d<I extends boolean = false> = nnMembers.FractionalMaxPool2d<I>;
  type FractionalMaxPool3d<I extends boolean = false> = nnMembers.FractionalMaxPool3d<I>;
  type MaxUnpool1d = nnMembers.MaxUnpool1d;
  type MaxUnpool2d = nnMembers.MaxUnpool2d;
  type MaxUnpool3d = nnMembers.MaxUnpool3d;
  type Conv1d = nnMembers.Conv1d;
  type Conv2d = nnMembers.Conv2d;
  type Conv3d = nnMembers.Conv3d;
  type ConvTranspose1d = nnMembers.ConvTranspose1d;
  type ConvTranspose2d = nnMembers.ConvTranspose2d;
  type ConvTranspose3d = nnMembers.ConvTranspose3d;
  type AlphaDropout = nnMembers.AlphaDropout;
  type Dropout = nnMembers.Dropout;
  type Dropout1d = nnMembers.Dropout1d;
  type Dropout2d = nnMembers.Dropout2d;
  type Dropout3d = nnMembers.Dropout3d;
  type FeatureAlphaDropout = nnMembers.FeatureAlphaDropout;
  type CircularPad1d = nnMembers.CircularPad1d;
  type CircularPad2d = nnMembers.CircularPad2d;
  type CircularPad3d = nnMembers.CircularPad3d;
  type ConstantPad1d = nnMembers.ConstantPad1d;
  type ConstantPad2d = nnMembers.ConstantPad2d;
  type ConstantPad3d = nnMembers.ConstantPad3d;
  type ReflectionPad1d = nnMembers.ReflectionPad1d;
  type ReflectionPad2d = nnMembers.ReflectionPad2d;
  type ReflectionPad3d = nnMembers.ReflectionPad3d;
  type ReplicationPad1d = nnMembers.ReplicationPad1d;
  type ReplicationPad2d = nnMembers.ReplicationPad2d;
  type ReplicationPad3d = nnMembers.ReplicationPad3d;
  type ZeroPad1d = nnMembers.ZeroPad1d;
  type ZeroPad2d = nnMembers.ZeroPad2d;
  type ZeroPad3d = nnMembers.ZeroPad3d;
  type AvgPool1d = nnMembers.AvgPool1d;
  type AvgPool2d = nnMembers.AvgPool2d;
  type AvgPool3d = nnMembers.AvgPool3d;
  type LPPool1d = nnMembers.LPPool1d;
  type LPPool2d = nnMembers.LPPool2d;
  type LPPool3d = nnMembers.LPPool3d;
  type MaxPool1d<I extends boolean = false> = nnMembers.MaxPool1d<I>;
  type MaxPool2d<I extends boolean = false> = nnMembers.MaxPool2d<I>;
  type MaxPool3d<I extends boolean = false> = nnMembers.MaxPool3d<I>;
  type ChannelShuffle = nnMembers.ChannelShuffle;
  type Fold = nnMembers.Fold;
  type LocalResponseNorm = nnMembers.LocalResponseNorm;
  type PixelShuffle = nnMembers.PixelShuffle;
  type PixelUnshuffle = nnMembers.PixelUnshuffle;
  type Unflatten = nnMembers.Unflatten;
  type Unfold = nnMembers.Unfold;
  type Upsample = nnMembers.Upsample;
  type UpsamplingBilinear2d = nnMembers.UpsamplingBilinear2d;
  type UpsamplingNearest2d = nnMembers.UpsamplingNearest2d;
  type Sequential = nnMembers.Sequential;
  type ModuleList = nnMembers.ModuleList;
  type Linear = nnMembers.Linear;
  type BatchNorm1d = nnMembers.BatchNorm1d;
  type BatchNorm2d = nnMembers.BatchNorm2d;
  type BatchNorm3d = nnMembers.BatchNorm3d;
  type InstanceNorm1d = nnMembers.InstanceNorm1d;
  type InstanceNorm2d = nnMembers.InstanceNorm2d;
  type InstanceNorm3d = nnMembers.InstanceNorm3d;
  type LayerNorm = nnMembers.LayerNorm;
  type GroupNorm = nnMembers.GroupNorm;
  type RMSNorm = nnMembers.RMSNorm;
  type Embedding = nnMembers.Embedding;
  type EmbeddingBag = nnMembers.EmbeddingBag;
  type RNNBase = nnMembers.RNNBase;
  type RNN = nnMembers.RNN;
  type GRU = nnMembers.GRU;
  type LSTM = nnMembers.LSTM;
  type RNNCell = nnMembers.RNNCell;
  type GRUCell = nnMembers.GRUCell;
  type LSTMCell = nnMembers.LSTMCell;
  type Mish = nnMembers.Mish;
  type SELU = nnMembers.SELU;
  type Hardsigmoid = nnMembers.Hardsigmoid;
  type Hardswish = nnMembers.Hardswish;
  type ReLU6 = nnMembers.ReLU6;
  type LogSigmoid = nnMembers.LogSigmoid;
  type Softsign = nnMembers.Softsign;
  type Tanhshrink = nnMembers.Tanhshrink;
  type Softmin = nnMembers.Softmin;
  type Softmax2d = nnMembers.Softmax2d;
  type CELU = nnMembers.CELU;
  type Softshrink = nnMembers.Softshrink;
  type Hardshrink = nnMembers.Hardshrink;
  type Hardtanh = nnMembers.Hardtanh;
  type Threshold = nnMembers.Threshold;
  type RReLU = nnMembers.RReLU;
  type GLU = nnMembers.GLU;
  type PReLU = nnMembers.PReLU;
  type MultiheadAttention = nnMembers.MultiheadAttention;
  type Transformer = nnMembers.Transformer;
  type TransformerEncoder = nnMembers.TransformerEncoder;
  type TransformerDecoder = nnMembers.TransformerDecoder;
  type TransformerEncoderLayer = nnMembers.TransformerEncoderLayer;
  type TransformerDecoderLayer = nnMembers.TransformerDecoderLayer;
  type BCELoss = nnMembers.BCELoss;
  type SmoothL1Loss = nnMembers.SmoothL1Loss;
  type HuberLoss = nnMembers.HuberLoss;
  type KLDivLoss = nnMembers.KLDivLoss;
  type CTCLoss = nnMembers.CTCLoss;
  type CosineEmbeddingLoss = nnMembers.CosineEmbeddingLoss;
  type MarginRankingLoss = nnMembers.MarginRankingLoss;
  type TripletMarginLoss = nnMembers.TripletMarginLoss;
  type CosineSimilarity = nnMembers.CosineSimilarity;
  type PairwiseDistance = nnMembers.PairwiseDistance;
  type Bilinear = nnMembers.Bilinear;
  type Flatten = nnMembers.Flatten;
  type Identity = nnMembers.Identity;
  type ReLU = nnMembers.ReLU;
  type SiLU = nnMembers.SiLU;
  type Sigmoid = nnMembers.Sigmoid;
  type Tanh = nnMembers.Tanh;
  type GELU = nnMembers.GELU;
  type LeakyReLU = nnMembers.LeakyReLU;
  type ELU = nnMembers.ELU;
  type Softplus = nnMembers.Softplus;
  type Softmax = nnMembers.Softmax;
  type LogSoftmax = nnMembers.LogSoftmax;
  type CrossEntropyLoss = nnMembers.CrossEntropyLoss;
  type NLLLoss = nnMembers.NLLLoss;
  type MSELoss = nnMembers.MSELoss;
  type L1Loss = nnMembers.L1Loss;
  type BCEWithLogitsLoss = nnMembers.BCEWithLogitsLoss;
  namespace utils.rnn {
    type PackedSequence = nnMembers.utils.rnn.PackedSequence;
  }
}

export const optim = namespace("torch.optim", {
  ...optimMembers,
  lr_scheduler: namespace("torch.optim.lr_scheduler", optimMembers.lr_scheduler),
});
export declare namespace optim {
  type Optimizer<S extends object = Record<string, unknown>> = optimMembers.Optimizer<S>;
  type OptimizerState<S> = optimMembers.OptimizerState<S>;
  type ParamGroup<S> = optimMembers.ParamGroup<S>;
  type Params<S> = optimMembers.Params<S>;
  type Adadelta = optimMembers.Adadelta;
  type AdadeltaSettings = optimMembers.AdadeltaSettings;
  type Adafactor = optimMembers.Adafactor;
  type AdafactorSettings = optimMembers.AdafactorSettings;
  type ASGD = optimMembers.ASGD;
  type ASGDSettings = optimMembers.ASGDSettings;
  type LBFGS = optimMembers.LBFGS;
  type LBFGSSettings = optimMembers.LBFGSSettings;
  type Muon = optimMembers.Muon;
  type MuonSettings = optimMembers.MuonSettings;
  type Adagrad = optimMembers.Adagrad;
  type AdagradSettings = optimMembers.AdagradSettings;
  type Adamax = optimMembers.Adamax;
  type AdamaxSettings = optimMembers.AdamaxSettings;
  type NAdam = optimMembers.NAdam;
  type NAdamSettings = optimMembers.NAdamSettings;
  type RAdam = optimMembers.RAdam;
  type RAdamSettings = optimMembers.RAdamSettings;
  type RMSprop = optimMembers.RMSprop;
  type RMSpropSettings = optimMembers.RMSpropSettings;
  type Rprop = optimMembers.Rprop;
  type RpropSettings = optimMembers.RpropSettings;
  type Adam = optimMembers.Adam;
  type AdamW = optimMembers.AdamW;
  type AdamSettings = optimMembers.AdamSettings;
  type SGD = optimMembers.SGD;
  type SgdSettings = optimMembers.SgdSettings;
  namespace lr_scheduler {
    type LRScheduler = optimMembers.lr_scheduler.LRScheduler;
    type ChainedScheduler = optimMembers.lr_scheduler.ChainedScheduler;
    type SequentialLR = optimMembers.lr_scheduler.SequentialLR;
    type CosineAnnealingLR = optimMembers.lr_scheduler.CosineAnnealingLR;
    type CosineAnnealingWarmRestarts = optimMembers.lr_scheduler.CosineAnnealingWarmRestarts;
    type CyclicLR = optimMembers.lr_scheduler.CyclicLR;
    type OneCycleLR = optimMembers.lr_scheduler.OneCycleLR;
    type ConstantLR = optimMembers.lr_scheduler.ConstantLR;
    type ExponentialLR = optimMembers.lr_scheduler.ExponentialLR;
    type LambdaLR = optimMembers.lr_scheduler.LambdaLR;
    type LinearLR = optimMembers.lr_scheduler.LinearLR;
    type MultiplicativeLR = optimMembers.lr_scheduler.MultiplicativeLR;
    type MultiStepLR = optimMembers.lr_scheduler.MultiStepLR;
    type PolynomialLR = optimMembers.lr_scheduler.PolynomialLR;
    type StepLR = optimMembers.lr_scheduler.StepLR;
    type ReduceLROnPlateau = optimMembers.lr_scheduler.ReduceLROnPlateau;
  }
}

export const utils = namespace("torch.utils", {
  checkpoint: namespace("torch.utils.checkpoint", checkpointMembers),
  data: namespace("torch.utils.data", dataMembers),
});
export declare namespace utils {
  namespace data {
    type Dataset<T = unknown> = dataMembers.Dataset<T>;
    type TensorDataset = dataMembers.TensorDataset;
    type Subset<T> = dataMembers.Subset<T>;
    type IterableDataset<T = unknown> = dataMembers.IterableDataset<T>;
    type ConcatDataset<T = unknown> = dataMembers.ConcatDataset<T>;
    type Sampler<T = number> = dataMembers.Sampler<T>;
    // biome-ignore lint/suspicious/noExplicitAny: what a batch is depends on the data set.
    type DataLoader<B = any> = dataMembers.DataLoader<B>;
    type DataLoaderArguments = dataMembers.DataLoaderArguments;
  }
}

export const torchvision = namespace(
  "torchvision",
  {
    datasets: namespace("torchvision.datasets", torchvisionMembers.datasets, "torch"),
    transforms: namespace("torchvision.transforms", torchvisionMembers.transforms, "torch"),
  },
  "torch",
);
export declare namespace torchvision {
  namespace datasets {
    type VisionDataset = torchvisionMembers.datasets.VisionDataset;
    type MNIST = torchvisionMembers.datasets.MNIST;
    type FashionMNIST = torchvisionMembers.datasets.FashionMNIST;
    type CIFAR10 = torchvisionMembers.datasets.CIFAR10;
  }
  namespace transforms {
    type Image = torchvisionMembers.transforms.Image;
    type Transform<I, O> = torchvisionMembers.transforms.Transform<I, O>;
    type TransformFunction = torchvisionMembers.transforms.TransformFunction;
  }
}
