// Runs numbered pieces of work in a process of its own. What ends that process costs one piece, and a new one goes on after it.
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** A child ends with this code when it has done its share and there is more to come. */
export const AGAIN = 7;

export interface Work<T> {
  /** The child's program: gets `args` and the number of its first piece, sends { ready } and then { at, result } for each. */
  readonly program: string;
  readonly args: readonly string[];
  readonly total: number;
  /** A piece that takes longer has crashed; the first one may take four times as long, for the device to open. */
  readonly seconds: number;
  /** The result of a piece that ended the process. */
  readonly crashed: (how: string) => T;
}

interface Message<T> {
  readonly ready?: boolean;
  readonly at: number;
  readonly result: T;
}

export async function forked<T>({ program, args, total, seconds, crashed }: Work<T>): Promise<T[]> {
  const results: T[] = [];
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  while (results.length < total) {
    const child = fork(program, [...args, `${results.length}`], {
      execArgv: ["--import", tsx],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    await new Promise<void>((done, fail) => {
      let ready = false;
      let timer: NodeJS.Timeout | undefined;
      const wait = (time: number): void => {
        clearTimeout(timer);
        timer = setTimeout(() => child.kill("SIGKILL"), time * 1000);
      };
      wait(4 * seconds);
      child.on("message", (message: Message<T>) => {
        wait(seconds);
        if (message.ready) ready = true;
        else results[message.at] = message.result;
      });
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        if (!ready) fail(new Error("the dialect cannot be loaded: npx turbo run build"));
        if (code !== AGAIN && results.length < total) results.push(crashed(`exit ${code ?? signal}`));
        done();
      });
    });
  }
  return results;
}

/** The child's side: `run` for each piece from `first` on, at most `most` of them. */
export async function serve<T>(
  first: number,
  total: number,
  most: number,
  run: (at: number) => Promise<T>,
): Promise<never> {
  const send = (message: object): Promise<void> => new Promise((done) => process.send?.(message, () => done()));
  await send({ ready: true });
  for (let at = first; at < Math.min(total, first + most); at++) await send({ at, result: await run(at) });
  process.exit(AGAIN);
}
