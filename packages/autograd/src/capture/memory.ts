import type { Block, Device } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";

export interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  readonly last: number;
}

/** One stretch of memory and the storages that take turns in it: by time, as no two live at once. */
export interface Room {
  bytes: number;
  readonly tenants: Lifetime[];
}

/** Where in a room's order a tenant would stand; undefined when another lives at the same time. */
function placeIn({ tenants }: Room, { first, last }: Lifetime): number | undefined {
  let [low, high] = [0, tenants.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tenants[middle] as Lifetime).last < first) low = middle + 1;
    else high = middle;
  }
  const next = tenants[low];
  return next && next.first <= last ? undefined : low;
}

/**
 * Gives storages that are never in use together the same memory: the largest first, each into the first room that is free
 * all its life. Rooms are as large as their first tenant, so a plan needs little more than its fullest moment does.
 */
export function assignRooms(lifetimes: readonly Lifetime[]): Room[] {
  const rooms: Room[] = [];
  const bySize = [...lifetimes].sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first);
  for (const tenant of bySize) {
    const room = rooms.find((other) => placeIn(other, tenant) !== undefined);
    if (room) room.tenants.splice(placeIn(room, tenant) as number, 0, tenant);
    else rooms.push({ bytes: tenant.storage.bytes, tenants: [tenant] });
  }
  return rooms;
}

/** Blocks that plans of a device use, with the number of plans that do. */
const users = new WeakMap<Device, Map<Block, number>>();

/**
 * Memory for a plan's intermediate results, shared with the other plans of the device: they run one after another, and nothing
 * in it is needed when a run has ended. `sizes` in bytes, the largest first. A block more than four times as large is not
 * taken, as it would outlive the plan it was made for.
 */
export function takeBlocks(device: Device, sizes: readonly number[]): Block[] {
  const counts = users.get(device) ?? new Map<Block, number>();
  users.set(device, counts);
  const taken: Block[] = [];
  // By size, of which the pool has few: a long plan takes thousands of blocks.
  const free = new Map<number, Block[]>();
  for (const block of [...counts.keys()].reverse()) {
    const same = free.get(block.buffer.size);
    if (same) same.push(block);
    else free.set(block.buffer.size, [block]);
  }
  const ascending = [...free].sort(([a], [b]) => a - b);
  try {
    for (const bytes of sizes) {
      const fits = ([size, blocks]: [number, Block[]]): boolean =>
        size >= bytes && size <= 4 * Math.max(bytes, 256) && blocks.length > 0;
      const block = ascending.find(fits)?.[1].pop() ?? device.allocate(bytes, "plan");
      taken.push(block);
      counts.set(block, (counts.get(block) ?? 0) + 1);
    }
  } catch (error) {
    releaseBlocks(device, taken);
    throw error;
  }
  return taken;
}

/** Gives back what takeBlocks gave: memory is freed with its last plan. */
export function releaseBlocks(device: Device, blocks: readonly Block[]): void {
  const counts = users.get(device);
  for (const block of blocks) {
    const count = counts?.get(block) ?? 1;
    if (count > 1) {
      counts?.set(block, count - 1);
      continue;
    }
    counts?.delete(block);
    device.free(block);
  }
}
