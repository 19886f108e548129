import type { Device } from "@facet/kernels-wgsl";

export type CallArguments = Parameters<Device["queue"]["encodeCall"]>;

/** What reached the device during a watch. */
export interface DeviceCalls {
  buffers: number;
  bindGroups: number;
  pipelines: number;
  /** Dispatches and copies in order: arguments of the queue's `encodeCall` and `encodeCopy`. */
  commands: (
    | { kind: "call"; args: CallArguments }
    | { kind: "copy"; args: Parameters<Device["queue"]["encodeCopy"]> }
  )[];
}

export interface DeviceWatch {
  /** Takes the watch off. */
  stop(): DeviceCalls;
}

/** Notes what reaches the device from now on. One watch at a time. */
export function watchDevice({ gpu, queue }: Device): DeviceWatch {
  const calls: DeviceCalls = { buffers: 0, bindGroups: 0, pipelines: 0, commands: [] };
  const undo: (() => void)[] = [];
  const watch = <T extends object>(target: T, method: keyof T & string, note: (args: never) => void): void => {
    const original = target[method] as (...args: unknown[]) => unknown;
    const value = (...args: unknown[]): unknown => {
      note(args as never);
      return original.apply(target, args);
    };
    Object.defineProperty(target, method, { configurable: true, value });
    undo.push(() => delete (target as Record<string, unknown>)[method]);
  };
  watch(gpu, "createBuffer", () => {
    calls.buffers += 1;
  });
  watch(gpu, "createBindGroup", () => {
    calls.bindGroups += 1;
  });
  watch(gpu, "createComputePipeline", () => {
    calls.pipelines += 1;
  });
  watch(queue, "encodeCall", (args) => calls.commands.push({ kind: "call", args }));
  watch(queue, "encodeCopy", (args) => calls.commands.push({ kind: "copy", args }));
  return {
    stop() {
      for (const back of undo) back();
      return calls;
    },
  };
}

/** Encodes a dispatch with nothing around WebGPU's own calls. */
export function encodeCall(
  pass: GPUComputePassEncoder,
  [{ compiled, workgroups }, group, offsets]: CallArguments,
): void {
  pass.setPipeline(compiled.pipeline);
  pass.setBindGroup(0, group, offsets as number[]);
  pass.dispatchWorkgroups(...workgroups);
}

/** Encodes and submits commands that a watch noted, with nothing around WebGPU's own calls. */
export function encodeBare(gpu: GPUDevice, commands: DeviceCalls["commands"]): void {
  const encoder = gpu.createCommandEncoder();
  let pass: GPUComputePassEncoder | undefined;
  for (const command of commands) {
    if (command.kind === "call") {
      pass ??= encoder.beginComputePass();
      encodeCall(pass, command.args);
    } else {
      const [source, target] = command.args;
      pass?.end();
      pass = undefined;
      const bytes = Math.ceil(source.bytes / 4) * 4;
      encoder.copyBufferToBuffer(source.block.buffer, source.offset, target.block.buffer, target.offset, bytes);
    }
  }
  pass?.end();
  gpu.queue.submit([encoder.finish()]);
}

/** Times WebGPU's `queue.submit`, in which drivers put commands into their own form; ends with the milliseconds spent. */
export function timeSubmitting({ gpu }: Device): () => number {
  let spent = 0;
  const submit = gpu.queue.submit.bind(gpu.queue);
  const timed: GPUQueue["submit"] = (commands) => {
    const began = performance.now();
    submit(commands);
    spent += performance.now() - began;
    return undefined;
  };
  Object.defineProperty(gpu.queue, "submit", { configurable: true, value: timed });
  return () => {
    delete (gpu.queue as Partial<GPUQueue>).submit;
    return spent;
  };
}
