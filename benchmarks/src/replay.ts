// What a training step costs beside its arithmetic: JavaScript, device objects, memory over many steps.
import { device } from "@facet/autograd";
import { collectGarbage } from "@facet/kernels-wgsl";
import * as torch from "@facet/shims-torch";
import {
  type DeviceCalls,
  type DeviceWatch,
  encodeBare,
  encodeCall,
  timeSubmitting,
  watchDevice,
} from "./device_calls.js";
import { type DialectName, dialects } from "./dialects.js";
import { loops, type Meter } from "./replay_loops.js";
import { type ReplayReport, type ReplayRow, WARM_UP } from "./replay_table.js";
import { summarise } from "./sample.js";

const STEPS = 60;
const MANY_STEPS = 10_000;

export async function measureReplays(progress: (text: string) => void): Promise<ReplayReport> {
  const rows: ReplayRow[] = [];
  let commands: DeviceCalls["commands"] = [];
  for (const dialect of dialects) {
    progress(`what a replay costs: ${dialect}`);
    const measured = await measureReplay(dialect);
    rows.push(measured.row);
    commands = measured.commands;
  }
  progress(`memory over ${MANY_STEPS} replays`);
  return { rows, dispatchUs: dispatchTime(commands), memory: await memoryOverSteps() };
}

/** Runs a dialect's steps. After a warm-up, half of them are timed and half counted, as watching takes time. */
async function measureReplay(dialect: DialectName): Promise<{ row: ReplayRow; commands: DeviceCalls["commands"] }> {
  const [host, submit, bare]: [number[], number[], number[]] = [[], [], []];
  const counted: DeviceCalls[] = [];
  let [done, began] = [0, 0];
  let watch: DeviceWatch | undefined;
  let submitted: (() => number) | undefined;
  const meter: Meter = {
    async begin() {
      await device().finish();
      const [last] = counted;
      if (last) bare.push(await bareTime(last.commands));
      if (done >= WARM_UP && done % 2 === 0) watch = watchDevice(device());
      else if (done >= WARM_UP) submitted = timeSubmitting(device());
      began = performance.now();
    },
    end() {
      device().queue.submit();
      const took = performance.now() - began;
      done += 1;
      if (watch) counted.push(watch.stop());
      if (submitted) {
        host.push(took);
        submit.push(submitted());
      }
      [watch, submitted] = [undefined, undefined];
    },
  };
  // One image: the device's arithmetic is not what is measured, and a software adapter would share the cores.
  await loops(1)[dialect](WARM_UP + STEPS, meter);
  const median = (samples: number[]): number => summarise(samples).medianMs;
  const mean = (of: (calls: DeviceCalls) => number): number =>
    counted.reduce((sum, calls) => sum + of(calls), 0) / counted.length;
  const row: ReplayRow = {
    dialect,
    dispatches: mean(({ commands }) => commands.filter(({ kind }) => kind === "call").length),
    copies: mean(({ commands }) => commands.filter(({ kind }) => kind === "copy").length),
    hostMs: median(host),
    submitMs: median(submit),
    bareMs: median(bare),
    buffers: mean(({ buffers }) => buffers),
    bindGroups: mean(({ bindGroups }) => bindGroups),
    pipelines: mean(({ pipelines }) => pipelines),
  };
  return { row, commands: counted[0]?.commands ?? [] };
}

/** Milliseconds that the commands take when nothing but WebGPU's own calls is made. Waits for the device. */
async function bareTime(commands: DeviceCalls["commands"]): Promise<number> {
  const began = performance.now();
  encodeBare(device().gpu, commands);
  const took = performance.now() - began;
  await device().finish();
  return took;
}

/** Microseconds for setting pipeline and bind group and asking for workgroups, the commands' dispatches being encoded over and over. */
function dispatchTime(commands: DeviceCalls["commands"]): number {
  const calls = commands.flatMap((command) => (command.kind === "call" ? [command.args] : []));
  const samples: number[] = [];
  for (let round = 0; round < 30; round++) {
    const encoder = device().gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const began = performance.now();
    for (let repeat = 0; repeat < 10; repeat++) for (const call of calls) encodeCall(pass, call);
    samples.push((performance.now() - began) / calls.length / 10);
    pass.end();
    // Never submitted: encoding is what is timed.
    encoder.finish();
  }
  return 1000 * summarise(samples).medianMs;
}

/** Device bytes before and after many replays of a small network's step. */
async function memoryOverSteps(): Promise<ReplayReport["memory"]> {
  const { nn } = torch;
  const net = new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 3));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new torch.optim.Adam(net.parameters());
  const step = torch.compile((x: torch.Tensor, y: torch.Tensor) => {
    optimizer.zero_grad();
    const loss = criterion(net(x), y);
    loss.backward();
    optimizer.step();
    return loss.detach();
  });
  const [x, y] = [torch.rand(4, 8), torch.tensor([0, 1, 2, 0])];
  const run = async (steps: number): Promise<number> => {
    for (let i = 0; i < steps; i++) {
      step(x, y);
      if (i % 8 === 7) await device().finish();
    }
    // What programs dropped is freed when JavaScript collects its handles; a plan's memory after the plan.
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return device().memory().live;
  };
  const before = await run(100);
  return { steps: MANY_STEPS, before, after: await run(MANY_STEPS) };
}
