import type { BindingArrays } from "../../cases.js";
import type {
  CholeskyParams,
  EighParams,
  HouseholderApplyParams,
  HouseholderQrParams,
  LuParams,
  SvdParams,
  TriangularSolveParams,
} from "./linalg.js";

type Matrix = number[][];

/** Matrix i of an array. */
function matrix(of: unknown, i: number, rows: number, columns: number): Matrix {
  const values = of as Float32Array;
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => values[(i * rows + r) * columns + c] as number),
  );
}

const at = (m: Matrix, r: number, c: number): number => (m[r] as number[])[c] as number;
const put = (m: Matrix, r: number, c: number, value: number): void => {
  (m[r] as number[])[c] = value;
};
const identity = (n: number): Matrix =>
  Array.from({ length: n }, (_, r) => Array.from({ length: n }, (_, c) => Number(r === c)));
const swapRows = (m: Matrix, r: number, s: number): void => {
  [m[r], m[s]] = [m[s] as number[], m[r] as number[]];
};

/** Results of every matrix, one behind the other. */
function each(count: number, compute: (i: number) => Record<string, readonly number[]>): BindingArrays {
  const all: Record<string, number[]> = {};
  for (let i = 0; i < count; i++)
    for (const [name, values] of Object.entries(compute(i))) all[name] = [...(all[name] ?? []), ...values];
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, Float32Array.from(values)]));
}

export function choleskyReference({ a }: BindingArrays, p: object): BindingArrays {
  const { count, n } = p as CholeskyParams;
  return each(count, (i) => {
    const given = matrix(a, i, n, n);
    const l = identity(n).map((row) => row.map(() => 0));
    for (let r = 0; r < n; r++)
      for (let c = 0; c <= r; c++) {
        let sum = at(given, r, c);
        for (let k = 0; k < c; k++) sum -= at(l, r, k) * at(l, c, k);
        put(l, r, c, r === c ? Math.sqrt(sum) : sum / at(l, c, c));
      }
    return { y: l.flat() };
  });
}

export function luReference({ a }: BindingArrays, p: object): BindingArrays {
  const { count, m, n } = p as LuParams;
  const { order, ...rest } = each(count, (i) => {
    const y = matrix(a, i, m, n);
    const rows = Array.from({ length: m }, (_, r) => r);
    let sign = 1;
    for (let k = 0; k < Math.min(m, n); k++) {
      let pivot = k;
      for (let r = k + 1; r < m; r++) if (Math.abs(at(y, r, k)) > Math.abs(at(y, pivot, k))) pivot = r;
      if (pivot !== k) {
        swapRows(y, k, pivot);
        [rows[k], rows[pivot]] = [rows[pivot] as number, rows[k] as number];
        sign = -sign;
      }
      for (let r = k + 1; r < m; r++) {
        const factor = at(y, k, k) === 0 ? 0 : at(y, r, k) / at(y, k, k);
        put(y, r, k, factor);
        for (let c = k + 1; c < n; c++) put(y, r, c, at(y, r, c) - factor * at(y, k, c));
      }
    }
    return { y: y.flat(), order: rows, sign: [sign] };
  });
  return { ...rest, order: Int32Array.from(order ?? []) };
}

export function triangularSolveReference({ a, b, order }: BindingArrays, p: object): BindingArrays {
  const { count, n, columns, upper, transposed, unit, permute } = p as TriangularSolveParams;
  return each(count, (i) => {
    const given = matrix(a, i, n, n);
    const t = (r: number, c: number): number => {
      if (r === c && unit) return 1;
      return transposed ? at(given, c, r) : at(given, r, c);
    };
    const rows = Array.from({ length: n }, (_, r) => (permute ? ((order as Int32Array)[i * n + r] as number) : r));
    const right = matrix(b, i, n, columns);
    const found: Matrix = [];
    const backward = (upper !== 0) !== (transposed !== 0);
    for (let s = 0; s < n; s++) {
      const r = backward ? n - 1 - s : s;
      found[r] = Array.from({ length: columns }, (_, c) => {
        let sum = at(right, permute === 1 ? (rows[r] as number) : r, c);
        for (let k = backward ? r + 1 : 0; k < (backward ? n : r); k++) sum -= t(r, k) * at(found, k, c);
        return sum / t(r, r);
      });
    }
    const y: Matrix = [];
    for (let r = 0; r < n; r++) y[permute === 2 ? (rows[r] as number) : r] = found[r] as number[];
    return { y: y.flat() };
  });
}

/** c with the reflection 1 - tau v v^T applied from the left. */
function reflect(c: Matrix, v: readonly number[], tau: number): void {
  for (let column = 0; column < (c[0] ?? []).length; column++) {
    const dot = v.reduce((sum, value, r) => sum + value * at(c, r, column), 0);
    for (const [r, value] of v.entries()) put(c, r, column, at(c, r, column) - tau * value * dot);
  }
}

export function householderQrReference({ a }: BindingArrays, p: object): BindingArrays {
  const { count, m, n } = p as HouseholderQrParams;
  return each(count, (i) => {
    const r = matrix(a, i, m, n);
    const y = matrix(a, i, m, n);
    const taus: number[] = [];
    for (let k = 0; k < Math.min(m, n); k++) {
      const alpha = at(r, k, k);
      const below = r.slice(k + 1).map((row) => row[k] as number);
      const length = Math.hypot(alpha, ...below);
      const turns = below.some((value) => value !== 0);
      const beta = !turns ? alpha : alpha < 0 ? length : -length;
      const tau = turns ? (beta - alpha) / beta : 0;
      const v = r.map((row, s) => (s < k ? 0 : s === k ? 1 : turns ? (row[k] as number) / (alpha - beta) : 0));
      reflect(r, v, tau);
      taus.push(tau);
      for (let s = 0; s < m; s++) put(y, s, k, s > k ? (v[s] as number) : 0);
    }
    for (let s = 0; s < m; s++) for (let c = s; c < n; c++) put(y, s, c, at(r, s, c));
    return { y: y.flat(), tau: taus };
  });
}

export function householderApplyReference({ a, tau, b }: BindingArrays, p: object): BindingArrays {
  const { count, m, n, reflections, columns, transposed, identity: begin } = p as HouseholderApplyParams;
  return each(count, (i) => {
    const given = matrix(a, i, m, n);
    const y = begin
      ? identity(Math.max(m, columns))
          .slice(0, m)
          .map((row) => row.slice(0, columns))
      : matrix(b, i, m, columns);
    for (let s = 0; s < reflections; s++) {
      const k = transposed ? s : reflections - 1 - s;
      const v = given.map((row, r) => (r < k ? 0 : r === k ? 1 : (row[k] as number)));
      reflect(y, v, (tau as Float32Array)[i * reflections + k] as number);
    }
    return { y: y.flat() };
  });
}

/** Every two of `players` once, in rounds of disjoint pairs. */
function* pairs(n: number): Generator<[number, number]> {
  const players = n + (n % 2);
  const others = players - 1;
  for (let round = 0; round < others; round++)
    for (let k = 0; k < players / 2; k++) {
      const first = k === 0 ? others : (round + k) % others;
      const second = (round + others - k) % others;
      if (Math.max(first, second) < n) yield [Math.min(first, second), Math.max(first, second)];
    }
}

/** Cosine and sine that make an off-diagonal element 0. */
function turnOf(first: number, second: number, off: number): [number, number] {
  if (off === 0) return [1, 0];
  const theta = (second - first) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta));
  const c = 1 / Math.hypot(1, t);
  return [c, t * c];
}

function turnColumns(m: Matrix, p: number, q: number, [c, s]: [number, number]): void {
  for (const row of m)
    [row[p], row[q]] = [
      c * (row[p] as number) - s * (row[q] as number),
      s * (row[p] as number) + c * (row[q] as number),
    ];
}

const isStrange = (m: Matrix): boolean => m.flat().some((value) => !Number.isFinite(value));
const noNumbers = (count: number): number[] => new Array<number>(count).fill(Number.NaN);

const transposed = (m: Matrix): Matrix => (m[0] ?? []).map((_, c) => m.map((row) => row[c] as number));

/** Places by value: rank[k] is where value k goes. */
function ranks(values: readonly number[], before: (a: number, b: number) => boolean): number[] {
  return values.map(
    (value, k) => values.filter((other, j) => before(other, value) || (other === value && j < k)).length,
  );
}

/** Columns of m in the order of their ranks. */
const ordered = (m: Matrix, rank: readonly number[]): Matrix =>
  m.map((row) => {
    const own: number[] = [];
    for (const [k, value] of row.entries()) own[rank[k] as number] = value;
    return own;
  });

export function eighJacobiReference({ a }: BindingArrays, p: object): BindingArrays {
  const { count, n } = p as EighParams;
  return each(count, (i) => {
    const given = matrix(a, i, n, n);
    if (isStrange(given)) return { work: noNumbers(n * n), vectors: noNumbers(n * n), y: noNumbers((n + 1) * n) };
    let work = given.map((row, r) => row.map((_, c) => at(given, Math.max(r, c), Math.min(r, c))));
    const vectors = identity(n);
    for (let sweep = 0; sweep < 20; sweep++)
      for (const [p, q] of pairs(n)) {
        const turn = turnOf(at(work, p, p), at(work, q, q), at(work, p, q));
        turnColumns(work, p, q, turn);
        work = transposed(work);
        turnColumns(work, p, q, turn);
        work = transposed(work);
        turnColumns(vectors, p, q, turn);
      }
    const values = work.map((row, r) => row[r] as number);
    const rank = ranks(values, (x, y) => x < y);
    return { work: work.flat(), vectors: vectors.flat(), y: ordered([...vectors, values], rank).flat() };
  });
}

export function svdJacobiReference({ a }: BindingArrays, p: object): BindingArrays {
  const { count, m, n } = p as SvdParams;
  return each(count, (i) => {
    const given = matrix(a, i, m, n);
    if (isStrange(given)) return { work: noNumbers(m * n), vectors: noNumbers(n * n), y: noNumbers((m + n + 1) * n) };
    const scale = Math.max(...given.flat().map(Math.abs)) || 1;
    const work = given.map((row) => row.map((value) => value / scale));
    const vectors = identity(n);
    const product = (p: number, q: number): number =>
      work.reduce((sum, row) => sum + (row[p] as number) * (row[q] as number), 0);
    for (let sweep = 0; sweep < 24; sweep++)
      for (const [p, q] of pairs(n)) {
        const both = product(p, q);
        const none = Math.abs(both) <= 1e-12 * Math.sqrt(product(p, p) * product(q, q));
        const turn = none ? ([1, 0] as [number, number]) : turnOf(product(p, p), product(q, q), both);
        turnColumns(work, p, q, turn);
        turnColumns(vectors, p, q, turn);
      }
    const lengths = Array.from({ length: n }, (_, k) => Math.sqrt(product(k, k)));
    const left = work.map((row) =>
      row.map((value, k) => ((lengths[k] as number) > 0 ? value / (lengths[k] as number) : 0)),
    );
    const rank = ranks(lengths, (x, y) => x > y);
    const values = lengths.map((length) => length * scale);
    return { work: work.flat(), vectors: vectors.flat(), y: ordered([...left, ...vectors, values], rank).flat() };
  });
}
