import { DeviceError, type FacetError, OutOfMemoryError } from "../errors.js";

/** What went wrong on the device, which says so later: kept until somebody reads or runs. */
export class Failures {
  readonly #gpu: GPUDevice;
  #waiting: Promise<void>[] = [];
  #first: FacetError | undefined;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    gpu.onuncapturederror = (event) => this.note(toError(event.error, "device"));
  }

  /** Keeps an error unless there is one already: the first is the cause of the others. */
  note(error: FacetError): void {
    this.#first ??= error;
  }

  /** Runs `make` under an error scope; what it catches is noted, and `failed` hears of it. */
  guard<T>(
    filter: GPUErrorFilter,
    what: string | (() => string),
    make: () => T,
    failed?: (message: string) => void,
  ): T {
    this.#gpu.pushErrorScope(filter);
    try {
      return make();
    } finally {
      const caught = this.#gpu.popErrorScope().then((error) => {
        if (!error) return;
        this.note(toError(error, typeof what === "string" ? what : what()));
        failed?.(error.message);
      });
      this.#waiting.push(caught.catch(() => {}));
      // A loop that never reads would let the list grow.
      if (this.#waiting.length > 1024) this.#waiting = [Promise.all(this.#waiting).then(() => {})];
    }
  }

  /** Throws the error that was noted, once. */
  raise(): void {
    const error = this.#first;
    if (!error) return;
    this.#first = undefined;
    throw error;
  }

  /** Waits for what is under guard, and throws what came of it. */
  async settle(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.all(waiting);
    this.raise();
  }
}

function toError(error: GPUError, what: string): FacetError {
  const detail = { op: what, expected: "a valid command", given: error.message };
  return error.constructor.name === "GPUOutOfMemoryError"
    ? new OutOfMemoryError({ ...detail, expected: "enough device memory" })
    : new DeviceError(detail);
}
