// Kernels of float32 over tensors in half precision: how a shader reads and writes its bindings is exchanged, what it computes is not.
import { ArgumentError } from "./errors.js";
import type { HalfDtype } from "./half.js";
import type { BindingSpec } from "./kernel.js";

/** Types of a word, or two, and of the numbers and bits of its halves. */
const typesOf = (n: 2 | 4) =>
  n === 2 ? { w: "u32", f: "vec2<f32>", u: "vec2<u32>" } : { w: "vec2<u32>", f: "vec4<f32>", u: "vec4<u32>" };

/** The numbers that the halves of words stand for, as `halfValue` has them. */
function numbersOfWords(format: HalfDtype, n: 2 | 4, onSoftware: boolean): string {
  const { w, f, u } = typesOf(n);
  const head = `fn ${format}_numbers_${n}(w: ${w}) -> ${f} {`;
  // Exact on processors; drivers of GPUs may take halves below 2^-14 for 0.
  if (format === "f16" && onSoftware)
    return `${head} return ${n === 2 ? "unpack2x16float(w)" : "vec4(unpack2x16float(w.x), unpack2x16float(w.y))"}; }`;
  if (format === "bf16")
    return `${head} return bitcast<${f}>(${n === 2 ? "vec2(w << 16u, w & 0xffff0000u)" : "vec4(w.x << 16u, w.x & 0xffff0000u, w.y << 16u, w.y & 0xffff0000u)"}); }`;
  return `${head}
  let bits = ${n === 2 ? "vec2(w, w >> 16u)" : "vec4(w.x, w.x >> 16u, w.y, w.y >> 16u)"};
  let size = (bits & ${u}(0x7fffu)) << ${u}(13u);
  let normal = size + select(${u}(0x38000000u), ${u}(0x70000000u), size >= ${u}(0x0f800000u));
  let tiny = bitcast<${u}>(bitcast<${f}>(size + ${u}(0x38800000u)) - 6.103515625e-05);
  return bitcast<${f}>(select(normal, tiny, size < ${u}(0x00800000u)) | ((bits & ${u}(0x8000u)) << ${u}(16u)));
}`;
}

/** Words of the halves nearest to numbers, ties to even, as `halfBits` has them; where a NaN stays one. */
function wordsOfNumbers(format: HalfDtype, n: 2 | 4, onSoftware: boolean): string {
  const { w, f, u } = typesOf(n);
  const head = `fn ${format}_words_${n}(v: ${f}) -> ${w} {`;
  const packed = (bits: string): string =>
    n === 2 ? `${bits}.x | (${bits}.y << 16u)` : `${bits}.xz | (${bits}.yw << vec2(16u))`;
  if (format === "f16" && onSoftware) {
    // Rounds to even on processors. SwiftShader makes NaN of what is far beyond, and a NaN of one half spoils the other.
    const far = `${f}(65520.0)`;
    const bits = n === 2 ? "pack2x16float(c)" : "vec2(pack2x16float(c.xy), pack2x16float(c.zw))";
    const kept = `select(${u}(0u), ${u}(0x7e00u), nan)`;
    const halves = n === 2 ? "kept.x | (kept.y << 16u)" : "kept.xz | (kept.yw << vec2(16u))";
    return `${head}
  let nan = (bitcast<${u}>(v) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u);
  let c = select(select(v, clamp(v, -${far}, ${far}), abs(v) > ${far}), ${f}(0.0), nan);
  let kept = ${kept};
  return ${bits} | (${halves});
}`;
  }
  const odd = (shift: number): string => `((bits >> ${u}(${shift}u)) & ${u}(1u))`;
  const half =
    format === "bf16"
      ? `let half = select((bits + ${u}(0x7fffu) + ${odd(16)}) >> ${u}(16u), ${u}(0x7fc0u), size > ${u}(0x7f800000u));`
      : `let normal = (size + ${u}(0xfffu) + ${odd(13)} - ${u}(0x38000000u)) >> ${u}(13u);
  let tiny = bitcast<${u}>(bitcast<${f}>(size) + 0.5) - ${u}(0x3f000000u);
  let large = select(${u}(0x7c00u), ${u}(0x7e00u), size > ${u}(0x7f800000u));
  let finite = select(normal, tiny, size < ${u}(0x38800000u));
  let half = ((bits >> ${u}(16u)) & ${u}(0x8000u)) | select(finite, large, size >= ${u}(0x47800000u));`;
  return `${head}
  let bits = bitcast<${u}>(v);
  let size = bits & ${u}(0x7fffffffu);
  ${half}
  return ${packed("half")};
}`;
}

/** How a binding is declared: what it holds, resolved through aliases. */
interface Declared {
  readonly text: string;
  readonly element: string;
  /** Numbers in an element; undefined where elements are no float32, or arrays. */
  readonly width: 1 | 2 | 4 | 8 | undefined;
}

function declarationOf(wgsl: string, binding: string): Declared {
  const [text, element = ""] =
    new RegExp(`^@group.*var<storage, \\w+> ${binding}: array<(.*)>;$`, "m").exec(wgsl) ?? [];
  if (text === undefined)
    throw new ArgumentError({
      op: "half storage",
      argument: binding,
      expected: "a binding of the shader",
      given: "none",
    });
  const aliases = new Map(
    [...wgsl.matchAll(/^alias (\w+) = ([^;]+);/gm)].map(([, name, type]) => [name, type as string]),
  );
  let type = element;
  while (aliases.has(type)) type = aliases.get(type) as string;
  const lanes = /^(vec[24]|mat2x4)<(\w+)>$/.exec(type);
  let scalar = lanes?.[2] ?? type;
  while (aliases.has(scalar)) scalar = aliases.get(scalar) as string;
  const widths = { vec2: 2, vec4: 4, mat2x4: 8 } as const;
  const width = scalar !== "f32" ? undefined : lanes ? widths[lanes[1] as keyof typeof widths] : 1;
  return { text, element, width };
}

/** Where the bracket opened at `at` is closed. */
function closing(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === "[") depth++;
    else if (text[i] === "]" && --depth === 0) return i;
  }
  return text.length;
}

/** Every `binding[index]` of a text as `read(index)`, and every `binding[index] = value;` as `write(index, value)`; undefined where one is neither. */
function exchanged(
  text: string,
  binding: string,
  read: ((index: string) => string) | undefined,
  write: ((index: string, value: string) => string) | undefined,
): string | undefined {
  const use = new RegExp(`(?<![\\w.])${binding}\\b`, "g");
  let result = "";
  let done = 0;
  for (let found = use.exec(text); found; found = use.exec(text)) {
    const open = found.index + binding.length;
    if (text[found.index - 1] === "&") return undefined;
    // A local of the same name.
    if (text[open] !== "[") continue;
    const close = closing(text, open);
    const index = exchanged(text.slice(open + 1, close), binding, read, undefined);
    const assigned = /^\s*=(?!=)\s*/.exec(text.slice(close + 1));
    const isUpdated = /^\s*(?:[-+*/%&|^]|<<|>>)=/.test(text.slice(close + 1));
    if (index === undefined || isUpdated) return undefined;
    let end = close + 1;
    let made: string;
    if (assigned) {
      const from = close + 1 + assigned[0].length;
      end = text.indexOf(";", from);
      const value = exchanged(text.slice(from, end), binding, read, undefined);
      if (!write || value === undefined) return undefined;
      made = write(index, value);
    } else {
      if (!read) return undefined;
      made = read(index);
    }
    result += text.slice(done, found.index) + made;
    done = end;
    use.lastIndex = end;
  }
  return result + text.slice(done);
}

/**
 * A specialised shader with one binding's float32 replaced by halves, two to a word; undefined where it cannot be: elements are nested, what is
 * written is read again, or single numbers are written, as threads may not share a word. With `singles` (shader-f16) these are written.
 */
function withHalves(
  wgsl: string,
  binding: string,
  access: BindingSpec["access"],
  format: HalfDtype,
  singles: boolean,
  onSoftware: boolean,
): string | undefined {
  const { text, element, width } = declarationOf(wgsl, binding);
  if (width === undefined) return undefined;
  const writes = access === "read_write";
  const single = writes && width === 1;
  if (single && !(singles && format === "f16")) return undefined;
  const [reader, writer] = [`${binding}_of_halves`, `${binding}_to_halves`];
  const [before, after] = wgsl.split(text) as [string, string];
  const body = exchanged(
    after,
    binding,
    writes ? undefined : (index) => `${reader}(u32(${index}))`,
    writes ? (index, value) => `${writer}(u32(${index}), ${value})` : undefined,
  );
  if (body === undefined) return undefined;
  const words = width >= 4 ? 4 : 2;
  const [numbers, halves] = [`${format}_numbers_${words}`, `${format}_words_${words}`];
  const word = single ? "f16" : width === 8 ? "vec4<u32>" : typesOf(words).w;
  const at = `${binding}[i]`;
  const get = {
    1: `${numbers}(${binding}[i / 2u] >> (16u * (i % 2u))).x`,
    2: `${numbers}(${at})`,
    4: `${numbers}(${at})`,
    8: `${element}(${numbers}(${at}.xy), ${numbers}(${at}.zw))`,
  }[width];
  const put = {
    1: `bitcast<vec2<f16>>(${halves}(vec2(v, 0.0))).x`,
    2: `${halves}(v)`,
    4: `${halves}(v)`,
    8: `vec4(${halves}(v[0]), ${halves}(v[1]))`,
  }[width];
  const own = writes
    ? `fn ${writer}(i: u32, v: ${element}) { ${binding}[i] = ${put}; }`
    : `fn ${reader}(i: u32) -> ${element} { return ${get}; }`;
  const helper = wgsl.includes(`fn ${writes ? halves : numbers}(`)
    ? ""
    : (writes ? wordsOfNumbers : numbersOfWords)(format, words, onSoftware);
  const feature = single && !before.startsWith("enable f16;") ? "enable f16;\n" : "";
  return `${feature}${before}${text.replace(`array<${element}>`, `array<${word}>`)}${body}\n${helper}\n${own}`;
}

/** What a shader's bindings hold, where that is halves, and whether single ones may be written. */
export interface HalfStorage {
  readonly formats: Readonly<Record<string, HalfDtype>>;
  readonly singles: boolean;
}

/** A specialised shader whose bindings hold halves; undefined where it cannot be made. */
export function storingHalves(
  wgsl: string,
  bindings: Readonly<Record<string, BindingSpec>>,
  { formats, singles }: HalfStorage,
  onSoftware: boolean,
): string | undefined {
  let code: string | undefined = wgsl;
  for (const [name, format] of Object.entries(formats)) {
    if (code === undefined) return undefined;
    code = withHalves(code, name, bindings[name]?.access ?? "read", format, singles, onSoftware);
  }
  return code;
}
