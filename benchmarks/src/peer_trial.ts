// What tryPeer starts: a peer's steps of one workload, and a message with the error that they end with, if any.
import { messageOf, openPeer } from "./peers.js";
import { workloads } from "./workloads.js";

async function lackOf(name: string, workloadName: string): Promise<string | undefined> {
  const workload = workloads.find(({ name }) => name === workloadName);
  if (!workload) return `no workload ${workloadName}`;
  const peer = await openPeer(name);
  const prepared = await peer.prepare(workload);
  if ("lacking" in prepared) return prepared.lacking;
  for (let call = 0; call < workload.calls; call++) await prepared.run();
  await prepared.finish();
  await prepared.read();
  return undefined;
}

const [, , name, workload] = process.argv as [string, string, string, string];
const error = await lackOf(name, workload).catch(messageOf);
// Devices and timers of the peer would keep the process.
process.send?.({ error }, () => process.exit(0));
