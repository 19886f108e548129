// A peer's first steps of a network, in a process of its own: compiling one may block JavaScript for minutes, which no timer ends.
import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./peer_trial.ts", import.meta.url));
/** Where the bench itself runs: tsx resolves packages by the folder it is started in. */
const folder = fileURLToPath(new URL("..", import.meta.url));

/**
 * Why a peer cannot do a workload within so many milliseconds; undefined when it can. A process that is late is killed. In a bundle for other
 * machines, which has not the process's program, nothing is tried.
 */
export function tryPeer(name: string, workload: string, deadlineMs: number): Promise<string | undefined> {
  if (!existsSync(program)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const child = fork(program, [name, workload], {
      cwd: folder,
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    let reason: string | undefined;
    const timer = setTimeout(() => {
      reason = `no answer after ${deadlineMs / 1000} s`;
      child.kill("SIGKILL");
    }, deadlineMs);
    child.on("message", (message) => {
      reason ??= (message as { error?: string }).error;
    });
    child.on("error", (error) => {
      reason ??= error.message;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(reason ?? (code === 0 ? undefined : `its process ended with ${code}`));
    });
  });
}
