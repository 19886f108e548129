// torch.cuda, as far as programs ask it whether there is CUDA, and what those that do not ask call.
import { ArgumentError, device as coreDevice } from "@facet/autograd";
import { type Args, bool, define, instance, int, only, signature } from "@facet/dialect";
import { default_generator } from "../random.js";
import { type DeviceIndex, finish, index, memory, requireOnly } from "./memory.js";

const own = (name: string): string => `torch.cuda.${name}`;
type OfDevice<T> = (device?: DeviceIndex | { device?: DeviceIndex }) => T;

/** A function of a device, the only one unless given. */
const asked = <T>(name: string, answer: () => T): OfDevice<T> =>
  define(own(name), { device: index.or(null) }, ({ device }) => {
    requireOnly(name, device);
    return answer();
  });

/** False: the device is WebGPU's, which torch.accelerator knows. */
export const is_available: () => boolean = define(own("is_available"), {}, () => false);
/** 0. */
export const device_count: () => number = define(own("device_count"), {}, () => 0);
/** False: there is nothing of CUDA's to begin. */
export const is_initialized: () => boolean = define(own("is_initialized"), {}, () => false);
/** False. */
export const is_bf16_supported: (including_emulation?: boolean | { including_emulation?: boolean }) => boolean = define(
  own("is_bf16_supported"),
  { including_emulation: bool.or(true) },
  () => false,
);
/** 0. */
export const current_device: () => number = define(own("current_device"), {}, () => 0);
/** Takes the device there is. */
export const set_device: (device: DeviceIndex | { device: DeviceIndex }) => void = define(
  own("set_device"),
  { device: index },
  ({ device }) => requireOnly("set_device", device),
);
/** A promise: settles when the device has done all that it was given. */
export const synchronize = asked("synchronize", finish);
/** How the adapter calls itself. */
export const get_device_name = asked("get_device_name", (): string => coreDevice().adapter.name);
/** Bytes of device memory that tensors hold now. */
export const memory_allocated = asked("memory_allocated", memory.memory_allocated);
/** The most bytes that tensors have held. */
export const max_memory_allocated = asked("max_memory_allocated", memory.max_memory_allocated);
/** Bytes that are held for tensors, lent or waiting. */
export const memory_reserved = asked("memory_reserved", memory.memory_reserved);
/** Starts a new peak from what is held now. */
export const reset_peak_memory_stats = asked("reset_peak_memory_stats", memory.reset_peak_memory_stats);
/** The same. */
export const reset_max_memory_allocated = asked("reset_max_memory_allocated", memory.reset_peak_memory_stats);
/** Gives memory that nobody holds back to the driver. */
export const empty_cache: () => void = define(own("empty_cache"), {}, memory.empty_cache);

const seeds = (name: string): ((seed: number | { seed: number }) => void) =>
  define(own(name), { seed: int.where("an integer of at most 53 bits", Number.isSafeInteger) }, ({ seed }) => {
    default_generator.manual_seed(seed);
  });
/** As torch.manual_seed: there is one device, with one generator. */
export const manual_seed = seeds("manual_seed");
/** The same. */
export const manual_seed_all = seeds("manual_seed_all");

const readers = {
  construct: signature(own("Event"), {
    enable_timing: bool.or(false),
    blocking: bool.or(false),
    interprocess: only(false),
    external: only(false),
  }),
  record: signature(own("Event.record"), { stream: only(null) }),
  elapsed_time: signature(own("Event.elapsed_time"), { end_event: instance(() => Event, "a torch.cuda.Event") }),
  synchronize: signature(own("Event.synchronize"), {}),
  query: signature(own("Event.query"), {}),
};

/** When the last recorded moment was: the next one is not before it, in whatever order the host hears of them. */
let latest: Promise<number> = Promise.resolve(0);

/** A moment in the work of the device: when all that was given before `record()` is done. */
export class Event {
  readonly #timed: boolean;
  #done: Promise<number> | undefined;
  #over = true;

  constructor(
    ...args: Args<
      [enable_timing: boolean, blocking: boolean],
      { enable_timing: boolean; blocking: boolean; interprocess: false; external: false }
    >
  ) {
    this.#timed = readers.construct(args).enable_timing;
  }
  record(...args: [stream?: null]): void {
    readers.record(args);
    this.#over = false;
    latest = Promise.all([latest, finish()]).then(([before]) => {
      this.#over = true;
      return Math.max(before, performance.now());
    });
    this.#done = latest;
  }
  /** A promise of the milliseconds from this moment to another, as the host sees them. */
  async elapsed_time(...args: [end_event: Event] | [{ readonly end_event: Event }]): Promise<number> {
    const { end_event } = readers.elapsed_time(args as readonly unknown[]);
    const [start, end] = [this.#done, end_event.#done];
    if (start && end && this.#timed && end_event.#timed) return (await end) - (await start);
    throw new ArgumentError({
      op: "Event.elapsed_time",
      argument: "end_event",
      expected: "two events with enable_timing true that are recorded",
      given: "others",
    });
  }
  /** A promise: settles when that moment has come. */
  async synchronize(...args: []): Promise<void> {
    readers.synchronize(args);
    await this.#done;
  }
  /** Whether it has come. */
  query(...args: []): boolean {
    readers.query(args);
    return this.#over;
  }
}
