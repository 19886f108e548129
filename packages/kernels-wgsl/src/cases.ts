import type { AnyKernel, Constants } from "./kernel.js";

/** Arrays that bind to kernels: the dtype of the binding decides which. */
export type BindingArray = Float32Array | Int32Array | Uint32Array;
/** Those arrays by dtype. */
export const arrayTypes = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
export type BindingArrays = Record<string, BindingArray>;

/** Source of test inputs; the same seed gives the same values. */
export interface CaseRandom {
  /** n values in [low, high). */
  uniform(n: number, low?: number, high?: number): Float32Array;
  /** n integers in [low, high). */
  integers(n: number, low: number, high: number): Int32Array;
}

/** One call of a kernel, from which a test and a bench row are made. */
export interface KernelCase {
  /** Shapes and switches in words, unique within the kernel: the bench row and the test name. */
  readonly name: string;
  readonly params: Readonly<Record<string, number | readonly number[]>>;
  readonly constants?: Constants;
  /** Contents of every binding that is read (or read and written), by name; an optional binding may be left out. */
  readonly inputs: (random: CaseRandom) => BindingArrays;
  /** Elements of every binding that is only written. */
  readonly outputs: Readonly<Record<string, number>>;
  /**
   * How far a result may be from the reference: |actual - expected| <= atol + rtol * |expected|. Default: equal, bit for
   * bit. Say in a comment where a bound comes from.
   */
  readonly tolerance?: { rtol: number; atol: number };
  /** Whether the bench times this case too. Default false: shapes at the edges are for tests only. */
  readonly bench?: boolean;
}

/** A kernel with the definition of right beside it. */
export interface KernelEntry {
  readonly kernel: AnyKernel;
  /** Plain TypeScript, no cleverness: outputs (only the written bindings) from inputs, sums in f64. */
  readonly reference: (inputs: BindingArrays, params: KernelCase["params"], constants: Constants) => BindingArrays;
  readonly cases: readonly KernelCase[];
}
