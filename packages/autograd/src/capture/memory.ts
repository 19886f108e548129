import type { Storage } from "../storage.js";

export interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  readonly last: number;
}

/** One stretch of memory and the storages that take turns in it. */
export interface Room {
  bytes: number;
  readonly tenants: Lifetime[];
}

/**
 * Gives storages that are never in use together the same memory: the largest first, each into the first room that is free
 * all its life. Rooms are as large as their first tenant, so a plan needs little more than its fullest moment does.
 */
export function assignRooms(lifetimes: readonly Lifetime[]): Room[] {
  const rooms: Room[] = [];
  const bySize = [...lifetimes].sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first);
  for (const tenant of bySize) {
    const isFree = (room: Room): boolean =>
      room.tenants.every((other) => other.last < tenant.first || tenant.last < other.first);
    const room = rooms.find(isFree);
    if (room) room.tenants.push(tenant);
    else rooms.push({ bytes: tenant.storage.bytes, tenants: [tenant] });
  }
  return rooms;
}
