// torch.optim.lr_scheduler
export { LRScheduler, type ScheduleState } from "./base.js";
export { ChainedScheduler, SequentialLR } from "./compound.js";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine.js";
export { type CyclicArguments, CyclicLR, type OneCycleArguments, OneCycleLR } from "./cyclic.js";
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from "./decay.js";
export { type PlateauArguments, ReduceLROnPlateau } from "./plateau.js";
