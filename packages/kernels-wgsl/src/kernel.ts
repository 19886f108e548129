/// <reference path="./wgsl.d.ts" />
import { ArgumentError } from "./errors.js";
import type { HalfDtype } from "./half.js";
import { type HalfStorage, storingHalves } from "./half_storage.js";

/** Types that shaders compute with. `u8` data travels packed in `u32` words. */
export type BindingDtype = "f32" | "i32" | "u32";

/** What the elements in storage can be: halves are bound as `u32` words. */
export type StorageDtype = BindingDtype | HalfDtype;

export interface BindingSpec {
  readonly access: "read" | "read_write";
  readonly dtype: StorageDtype | readonly StorageDtype[];
  /** An optional binding that is not given is bound to a few zero bytes; the shader must not read it then. */
  readonly optional?: boolean;
}

/** Types a field of a kernel's `Params` struct can have. An array's value is a flat list of 4 x N numbers. */
export type ParamType = "u32" | "i32" | "f32" | "vec4<u32>" | `array<vec4<u32>, ${number}>`;
export type ParamValue<T extends ParamType> = T extends "u32" | "i32" | "f32" ? number : readonly number[];
export type ParamValues<P extends Record<string, ParamType>> = { readonly [K in keyof P]: ParamValue<P[K]> };

/** Values for `const NAME = ...;` and `alias NAME = ...;` declarations of a shader, and bodies for its one-line functions. */
export type Constants = Readonly<Record<string, string>>;
export type Workgroups = readonly [x: number, y: number, z: number];

/** One way to compute a kernel. Variants of one `order` add in the same order and so give the same bits. */
export interface Variant<P extends Record<string, ParamType>> {
  readonly name: string;
  /** Order of accumulation, e.g. `sequential`. A static rule picks the order, measurement may pick only within it. */
  readonly order: string;
  /** Another file than the kernel's own, when the variant needs another shader. */
  readonly wgsl?: string;
  readonly constants?: Constants;
  /** Whether the variant can compute these params; absent means always. */
  readonly applies?: (params: ParamValues<P>, views: Readonly<Record<string, { offset: number }>>) => boolean;
  /** Lanes of a subgroup that the shader shares values within: it runs only where every subgroup has so many. */
  readonly subgroupSize?: number;
  /**
   * The adapters that a variant is made for, `hardware` GPUs, `software` or SwiftShader alone, where it is slow on the others: there
   * it goes before the others of its order, elsewhere it comes last. It does not choose the order, so the bits are the same on all.
   */
  readonly prefer?: "hardware" | "software" | "swiftshader";
  readonly workgroups: (params: ParamValues<P>) => Workgroups;
}

/** Elements, or vectors of them, that a workgroup of an elementwise kernel goes through: eight for each of 64 lanes. */
export const TILE = 512;

/** `software` constants of such kernels: 64 for each of 8 lanes. */
export const FAT_LANES: Constants = { LANES: "8u" };

/** A variant, with changes, that computes only params which also pass `condition`. */
export function narrowed<P extends Record<string, ParamType>>(
  variant: Variant<P>,
  condition: (params: ParamValues<P>) => boolean,
  changes: Partial<Pick<Variant<P>, "name" | "constants">>,
): Variant<P> {
  return { ...variant, ...changes, applies: (p, views) => condition(p) && (variant.applies?.(p, views) ?? true) };
}

/**
 * What the kernel cannot do without, for rooflines: operations on floats (a fused multiply-add counts as two), bytes read and
 * written, and what runs at rates of its own.
 */
export interface Cost {
  flops: number;
  bytes: number;
  /** Exponentials, and functions that take one at least (tanh, sigmoid). Default 0. */
  exps?: number;
  /** Operations on integers other than those that find places in memory. Default 0. */
  integers?: number;
}

export interface KernelSpec<
  B extends Record<string, BindingSpec> = Record<string, BindingSpec>,
  P extends Record<string, ParamType> = Record<string, ParamType>,
> {
  /** File stem, GPU label, bench row and error text: `<op>_<direction>[_<operand>]`. */
  readonly name: string;
  readonly wgsl: string;
  /**
   * Constants of the kernel's own shader on adapters that run on a processor, where fewer and fatter threads are quicker. Those
   * of variants go before.
   */
  readonly software?: Constants;
  /** In the order of `@binding` numbers; `params` is bound after the last. */
  readonly bindings: B;
  /** Fields of `struct Params` in order. */
  readonly params: P;
  /** In order of preference: the first that applies is taken, save for those that `prefer` a kind of adapter. */
  readonly variants: readonly Variant<P>[];
  readonly cost: (params: ParamValues<P>, constants?: Constants) => Cost;
  /** Bindings of f32 that may hold halves as well: see `inHalves`. */
  readonly halves?: readonly (keyof B & string)[];
  /** Which of them do, in a kernel that `inHalves` made. */
  readonly storage?: HalfStorage;
  /** What it can do on the way that would otherwise be another call: plans fold that call into it. */
  readonly folds?: {
    /** Whether its one-line function `activate(v)` takes an expression, for what it writes to `y`. */
    readonly activate?: boolean;
    /** Constants with which `dx` is also relu's gradient over `x`. */
    readonly reluGradient?: Constants;
  };
}

export interface Kernel<
  B extends Record<string, BindingSpec> = Record<string, BindingSpec>,
  P extends Record<string, ParamType> = Record<string, ParamType>,
> extends KernelSpec<B, P> {
  readonly layout: ParamsLayout;
}

/** Kernel of any bindings and params, for tables and the runtime. */
// biome-ignore lint/suspicious/noExplicitAny: params are contravariant in `workgroups`, so no narrower type holds them all.
export type AnyKernel = Kernel<any, any>;

export interface ParamsLayout {
  readonly bytes: number;
  readonly fields: readonly { name: string; type: ParamType; offset: number; length: number }[];
}

/** Turns a spec into a kernel: computes the params layout and refuses a spec that the shader does not match. */
export function defineKernel<const B extends Record<string, BindingSpec>, const P extends Record<string, ParamType>>(
  spec: KernelSpec<B, P>,
): Kernel<B, P> {
  // Every constant there is: the shader for GPUs takes no others.
  for (const variant of spec.variants) shaderOf(spec, variant, true);
  return { ...spec, layout: layoutParams(spec.params) };
}

/** The text of a variant, as it is for GPUs or for adapters that run on a processor. */
export function shaderOf(
  // biome-ignore lint/suspicious/noExplicitAny: see AnyKernel.
  { name, wgsl, software, bindings, storage }: KernelSpec<any, any>,
  // biome-ignore lint/suspicious/noExplicitAny: see AnyKernel.
  variant: Variant<any>,
  onSoftware: boolean,
  constants?: Constants,
): string {
  const own = onSoftware && variant.wgsl === undefined ? software : {};
  const code = specialise(variant.wgsl ?? wgsl, { ...own, ...variant.constants, ...constants }, name);
  return storage ? (storingHalves(code, bindings, storage, onSoftware) as string) : code;
}

const derived = new WeakMap<AnyKernel, Map<string, AnyKernel | undefined>>();

/**
 * The kernel over bindings that hold halves, by their formats: it reads and writes words of two, computes in float32, and gives the
 * results of the kernel itself, rounded. It has those variants whose shaders can be made so, for params for which the kernel too would
 * add in their order; undefined where there are none. `singles`: whether the device has shader-f16, with which a thread may write one
 * float16. The same arguments give the same kernel.
 */
export function inHalves(kernel: AnyKernel, formats: HalfStorage["formats"], singles: boolean): AnyKernel | undefined {
  const names = Object.entries(formats).map(([name, format]) => `${name}:${format}`);
  const key = `${names.join(",")}${singles}`;
  const known = derived.get(kernel) ?? new Map<string, AnyKernel | undefined>();
  derived.set(kernel, known);
  if (known.has(key)) return known.get(key);
  const storage: HalfStorage = { formats, singles };
  const all: readonly Variant<Record<string, ParamType>>[] = kernel.variants;
  const variants = all.flatMap((variant, i) => {
    if (storingHalves(shaderOf(kernel, variant, true), kernel.bindings, storage, true) === undefined) return [];
    const before = all.slice(0, i).filter(({ order }) => order !== variant.order);
    if (before.length === 0) return [variant];
    const applies: typeof variant.applies = (p, views) =>
      (variant.applies?.(p, views) ?? true) && !before.some((other) => other.applies?.(p, views) ?? true);
    return [{ ...variant, applies }];
  });
  const { folds: _, ...spec } = kernel;
  const made =
    variants.length === 0 ? undefined : { ...spec, name: `${kernel.name} (${names.join(", ")})`, variants, storage };
  known.set(key, made);
  return made;
}

/** Offsets after WGSL's rules for the uniform address space. */
export function layoutParams(params: Record<string, ParamType>): ParamsLayout {
  let offset = 0;
  const fields = Object.entries(params).map(([name, type]) => {
    const scalar = type === "u32" || type === "i32" || type === "f32";
    const length = scalar ? 1 : type === "vec4<u32>" ? 4 : 4 * Number(/, (\d+)>$/.exec(type)?.[1]);
    if (!scalar) offset = Math.ceil(offset / 16) * 16;
    const field = { name, type, offset, length };
    offset += length * 4;
    return field;
  });
  return { bytes: Math.max(16, Math.ceil(offset / 16) * 16), fields };
}

/** Writes params into `target` at `byteOffset`. Throws ArgumentError on a value that its field cannot hold. */
export function packParams(
  kernel: AnyKernel,
  values: Readonly<Record<string, number | readonly number[]>>,
  target: DataView,
  byteOffset: number,
): void {
  for (const field of kernel.layout.fields) {
    const value = values[field.name];
    const length = typeof value === "number" ? 1 : value?.length;
    if (length !== field.length) {
      throw new ArgumentError({
        op: kernel.name,
        argument: field.name,
        expected: `${field.length} number(s) of ${field.type}`,
        given: `${value}`,
      });
    }
    for (let i = 0; i < field.length; i++) {
      const number = (typeof value === "number" ? value : value?.[i]) as number;
      const at = byteOffset + field.offset + 4 * i;
      if (field.type === "f32") {
        target.setFloat32(at, number, true);
        continue;
      }
      const low = field.type === "i32" ? -(2 ** 31) : 0;
      const high = field.type === "i32" ? 2 ** 31 - 1 : 2 ** 32 - 1;
      if (!Number.isInteger(number) || number < low || number > high) {
        throw new ArgumentError({
          op: kernel.name,
          argument: field.name,
          expected: `an integer from ${low} to ${high}`,
          given: `${number}`,
        });
      }
      if (field.type === "i32") target.setInt32(at, number, true);
      else target.setUint32(at, number, true);
    }
  }
}

/**
 * Replaces, in a whole and valid shader, the values of `const NAME = ...;`, of `alias NAME = ...;`, and the body of the
 * one-line function `fn NAME(...) -> T { return ...; }`: an expression, or statements that begin with `let` and end in a
 * return. Throws when the shader declares no such name.
 */
export function specialise(wgsl: string, constants: Constants, kernel: string): string {
  let code = wgsl;
  for (const [name, value] of Object.entries(constants)) {
    const declaration = new RegExp(
      `^((?:const|alias) ${name}(?: *: *\\w+)? = )[^;]*;|^(fn ${name}\\([^)]*\\) -> [\\w<>]+ \\{ )return .*; \\}$`,
      "m",
    );
    if (!declaration.test(code)) {
      throw new ArgumentError({
        op: kernel,
        argument: name,
        expected: "a const, alias or one-line fn of that name in the shader",
        given: "none",
      });
    }
    code = code.replace(declaration, (_, constant?: string, fn?: string) =>
      constant ? `${constant}${value};` : `${fn}${value.startsWith("let ") ? value : `return ${value}`}; }`,
    );
  }
  return code;
}

/** Spreads `count` workgroups over two dimensions, as a dimension holds 65 535. Shaders use `id.x + id.y * groups.x`. */
export function spread(count: number): Workgroups {
  const widest = 65_535;
  if (count <= widest) return [Math.max(count, 1), 1, 1];
  const rows = Math.ceil(count / widest);
  return [Math.ceil(count / rows), rows, 1];
}

export const divideUp = (a: number, b: number): number => Math.ceil(a / b);

/** Whether two shapes are the same. */
export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Elements of an array of this shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((total, extent) => total * extent, 1);
