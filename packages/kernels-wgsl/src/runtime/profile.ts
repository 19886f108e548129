/** One kernel call as it was measured. Host times count from the start of the profile, device times from the first dispatch. */
export interface DispatchRecord {
  readonly kernel: string;
  readonly variant: string;
  /** Op and the shapes of its inputs. */
  readonly op: string;
  /** Layer of the dialect that asked, e.g. `sequential/conv2d_1`, or its backward pass; empty outside layers. */
  readonly layer: string;
  /** What the kernel cannot do without; a fused multiply-add counts as two. */
  readonly flops: number;
  readonly bytes: number;
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** Number of the submission that carried it. */
  readonly submission: number;
  /** JavaScript's encoding of it. */
  hostStartMs: number;
  hostMs: number;
  submittedMs: number;
  /** NaN when the device was closed before its timestamps came back. */
  gpuStartMs: number;
  gpuMs: number;
}

/** What dispatches can be added up by: `op` is the op's name and shapes together. */
export type ProfileColumn = "kernel" | "variant" | "op" | "layer";

export interface ProfileRow {
  readonly name: string;
  readonly count: number;
  readonly gpuMs: number;
  /** Part of the profile's device time, 0 to 1. */
  readonly share: number;
  readonly gigaflops: number;
  readonly gigabytesPerSecond: number;
}

/** Device time of every dispatch of a stretch of a program, from timestamps at both ends of each. */
export class Profile {
  readonly adapter: string;
  /** Length of the stretch on the host's clock. */
  readonly wallMs: number;
  /** In the order in which they were encoded. */
  readonly dispatches: readonly DispatchRecord[];

  constructor(adapter: string, wallMs: number, dispatches: readonly DispatchRecord[]) {
    this.adapter = adapter;
    this.wallMs = wallMs;
    this.dispatches = dispatches;
  }

  /** Dispatches whose time came back. */
  get #timed(): readonly DispatchRecord[] {
    return this.dispatches.filter(({ gpuMs }) => Number.isFinite(gpuMs));
  }

  /** Milliseconds that the device spent in dispatches. */
  get gpuMs(): number {
    return this.#timed.reduce((total, { gpuMs }) => total + gpuMs, 0);
  }

  /** Milliseconds that JavaScript spent encoding dispatches. */
  get encodeMs(): number {
    return this.dispatches.reduce((total, { hostMs }) => total + hostMs, 0);
  }

  /** Sums over dispatches that have the column in common, longest first. */
  by(column: ProfileColumn): ProfileRow[] {
    const groups = new Map<string, { count: number; gpuMs: number; flops: number; bytes: number }>();
    for (const dispatch of this.#timed) {
      const name = column === "variant" ? `${dispatch.kernel}/${dispatch.variant}` : dispatch[column];
      const group = groups.get(name) ?? { count: 0, gpuMs: 0, flops: 0, bytes: 0 };
      groups.set(name, group);
      group.count += 1;
      for (const key of ["gpuMs", "flops", "bytes"] as const) group[key] += dispatch[key];
    }
    const total = this.gpuMs;
    return [...groups]
      .map(([name, { count, gpuMs, flops, bytes }]) => ({
        name,
        count,
        gpuMs,
        share: total > 0 ? gpuMs / total : 0,
        gigaflops: gpuMs > 0 ? flops / gpuMs / 1e6 : 0,
        gigabytesPerSecond: gpuMs > 0 ? bytes / gpuMs / 1e6 : 0,
      }))
      .sort((a, b) => b.gpuMs - a.gpuMs);
  }

  /** The sums as a table for a terminal, with the profile's totals above it. */
  table(column: ProfileColumn = "kernel"): string {
    const missing = this.dispatches.length - this.#timed.length;
    const head = [column, "count", "ms", "share", "GFLOP/s", "GB/s"];
    const rows = this.by(column).map((row) => [
      row.name || "(none)",
      `${row.count}`,
      row.gpuMs.toFixed(3),
      `${(row.share * 100).toFixed(1)}%`,
      row.gigaflops.toFixed(2),
      row.gigabytesPerSecond.toFixed(2),
    ]);
    const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] as string).length)));
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  ");
    return [
      `${this.adapter}: ${this.dispatches.length} dispatches, ${this.gpuMs.toFixed(2)} ms on the device, ` +
        `${this.encodeMs.toFixed(2)} ms encoding, ${this.wallMs.toFixed(2)} ms in all` +
        `${missing > 0 ? `; ${missing} not timed, the device was closed` : ""}`,
      line(head),
      line(widths.map((width) => "-".repeat(width))),
      ...rows.map(line),
    ].join("\n");
  }

  /**
   * The profile as Chrome's trace_event JSON, for https://ui.perfetto.dev or chrome://tracing: one lane for JavaScript's
   * encoding, one for the device. The two clocks are laid over each other so that no dispatch begins before it was submitted.
   */
  trace(): string {
    const timed = this.#timed;
    const shift = timed.reduce((most, { submittedMs, gpuStartMs }) => Math.max(most, submittedMs - gpuStartMs), 0);
    const lanes = { encode: 1, device: 2 } as const;
    const span = (lane: keyof typeof lanes, record: DispatchRecord, startMs: number, durationMs: number) => ({
      ph: "X",
      pid: 1,
      tid: lanes[lane],
      name: record.kernel,
      cat: lane,
      ts: startMs * 1000,
      dur: durationMs * 1000,
      args: {
        variant: record.variant,
        op: record.op,
        layer: record.layer,
        flops: record.flops,
        bytes: record.bytes,
        workgroups: record.workgroups.join(" x "),
        submission: record.submission,
      },
    });
    const named = (kind: string, tid: number, name: string) => ({ ph: "M", pid: 1, tid, name: kind, args: { name } });
    const events = [
      named("process_name", 0, `Facet on ${this.adapter}`),
      named("thread_name", lanes.encode, "JavaScript: encoding"),
      named("thread_name", lanes.device, "device"),
      ...this.dispatches.map((record) => span("encode", record, record.hostStartMs, record.hostMs)),
      ...timed.map((record) => span("device", record, record.gpuStartMs + shift, record.gpuMs)),
    ];
    // An event a line: long profiles stay readable by line tools.
    return `{"displayTimeUnit":"ms","traceEvents":[\n${events.map((event) => JSON.stringify(event)).join(",\n")}\n]}\n`;
  }
}
