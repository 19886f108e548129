export {
  type AdadeltaSettings,
  type AdagradSettings,
  type AdamaxSettings,
  type AdamSettings,
  ArgumentError,
  type AsgdSettings,
  adadelta,
  adagrad,
  adam,
  adamax,
  asgd,
  CaptureError,
  DeviceError,
  DisposedError,
  DtypeError,
  type ErrorDetail,
  FacetError,
  type FtrlSettings,
  formatShape,
  ftrl,
  type LambSettings,
  type LionSettings,
  lion,
  type MemoryStats,
  type MuonDirectionSettings,
  momentumProduct,
  muonDirection,
  type NadamSettings,
  NoAdapterError,
  nadam,
  type OptimizerRow,
  type OptimizerSettings,
  OutOfMemoryError,
  type RadamSettings,
  type RmspropSettings,
  type RpropSettings,
  radam,
  rmsprop,
  rprop,
  type ScheduleFreeAdamwSettings,
  type ScheduleFreeSgdSettings,
  type SgdSettings,
  ShapeError,
  scheduleFreeAdamw,
  scheduleFreeSgd,
  sgd,
  sizeOf,
  UnsupportedError,
} from "@facet/kernels-wgsl";
export {
  type BackwardOptions,
  backward,
  type GradientHook,
  hookGradient,
  type PullListener,
  setPullListener,
} from "./backward.js";
export { type Abstract, abstractly } from "./capture/abstract.js";
export { type CapturedFunction, capture } from "./capture/capture.js";
export { Captured, type CaptureOptions, type CaptureResult, type RunOptions } from "./capture/captured.js";
export type { PlanSummary } from "./capture/compiled_plan.js";
export { Observed, ObservedMap, observe } from "./capture/observe.js";
export { type AsTensor, Identities, putTogether, type Template, takeApart, templateKey } from "./capture/template.js";
export { everyRun, guard, hostValue, outsideCapture, refuseInCapture, tracing } from "./capture/trace.js";
export { cond, foriLoop, whileLoop } from "./control_flow.js";
export {
  type CustomForward,
  type CustomPull,
  checkpoint,
  customJvp,
  customVjp,
  recordCustom,
  stopGradient,
} from "./custom.js";
export {
  type AnyOp,
  type Application,
  copyTensor,
  defineOp,
  hearingOps,
  jointVjp,
  launch,
  nonDifferentiable,
  type Op,
  type OpSpec,
  opTable,
  vjp,
} from "./define_op.js";
export * from "./distributions.js";
export * from "./dropouts.js";
export * from "./dtype.js";
export { EDGE, isElided, shownOf, shownPositions } from "./elision.js";
export { closeDevice, device, setDevice, startDevice } from "./engine.js";
export { inFloat32 } from "./halves.js";
export { knownValue } from "./host_values.js";
export * from "./init.js";
export { type Jacobian, jacfwd, jacrev } from "./jacobians.js";
export { withLayer } from "./layer.js";
export * from "./losses/index.js";
export * from "./ops/index.js";
export { Adafactor, type AdafactorSettings } from "./optim/adafactor.js";
export type { DecayOptions } from "./optim/decay.js";
export {
  type FactoredAxes,
  type FactoredEps,
  factoredShapes,
  factoredStep,
  lastAxes,
  type SecondMoment,
} from "./optim/factored.js";
export { type FlatLayout, flatCopy, flatFull, flatLayout, flatView, flatWrite, flatZeros } from "./optim/flat.js";
export { FlatOptimizer } from "./optim/flat_optimizer.js";
export { FusedOptimizer, succeed } from "./optim/fused.js";
export type { GradientSettings } from "./optim/gradient_factors.js";
export { type Evaluation, Lbfgs, type LbfgsSettings } from "./optim/lbfgs.js";
export { LossScaler, type LossScalerSettings } from "./optim/loss_scaler.js";
export { Muon, type MuonOptions, type MuonSettings, type NewtonSchulzSettings, orthogonalised } from "./optim/muon.js";
export { Lamb, Lars, type LarsSettings } from "./optim/trust.js";
export { optimizerUpdate } from "./optim/update.js";
export { atLeast, promoteTypes, resultType, type Standing } from "./promotion.js";
export * from "./random.js";
export * from "./resident.js";
export { type ScanOptions, type Step, scan } from "./scan.js";
export { adopt, findTensors, type HoldsTensors, keep, scope, tensorsOf, unscoped } from "./scope.js";
export {
  awaitsBackward,
  detach,
  gradientOp,
  isLeaf,
  isRecording,
  isTracked,
  type Node,
  noGrad,
  reachesBeyond,
  releaseSaved,
  sameValue,
  setRecording,
  variable,
  withRecording,
} from "./tape.js";
export { empty, flattenNested, fromData, type NestedArray, Tensor } from "./tensor.js";
export {
  type GradientOptions,
  gradients,
  isDifferentiating,
  jvp,
  type Linearized,
  linearize,
  type Outputs,
  valueAndGradients,
  vjpOf,
  withVariables,
} from "./transforms.js";
export { type AnyKey, keysFrom, keysOfExamples, MappedKey, mappedKey } from "./vmap/keys.js";
export { isMapping } from "./vmap/levels.js";
export { axisNamed, exampleNumber, ofAllExamples } from "./vmap/named_axes.js";
export { type MappedResult, vmap } from "./vmap/vmap.js";
