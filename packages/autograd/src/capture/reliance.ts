import type { Storage } from "../storage.js";
import type { Node } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { hostChanges, type ReadProperties } from "./observe.js";
import type { Trace } from "./trace.js";

/** A handle from outside as a trace found it. Neither it nor its graph is kept alive. */
interface NotedTensor {
  readonly tensor: WeakRef<Tensor>;
  readonly storage: Storage | undefined;
  readonly offset: number;
  readonly node: WeakRef<Node> | undefined;
}

/** What a trace relied on: it may be replayed while all of it holds. */
export class Reliance {
  readonly #guards: readonly (() => boolean)[];
  readonly #properties: ReadProperties;
  readonly #tensors: readonly NotedTensor[];
  /** How many changes of the host there had been when tensors and properties were last found to be as they were. */
  #heldAt: number | undefined;

  constructor({ guards, properties, outside }: Trace) {
    properties.seal();
    this.#guards = guards;
    this.#properties = properties;
    this.#tensors = [...outside].map(([tensor, { storage, offset, node }]) => ({
      tensor: new WeakRef(tensor),
      storage,
      offset,
      node: node && new WeakRef(node),
    }));
    outside.clear();
  }

  /** Whether everything is as the trace found it. */
  holds(): boolean {
    const changes = hostChanges();
    if (this.#heldAt !== changes) {
      if (!this.#tensors.every(isAsNoted) || !this.#properties.fixedHold()) return false;
      this.#heldAt = changes;
    }
    return this.#properties.looseHold() && this.#guards.every((holds) => holds());
  }
}

const isAsNoted = ({ tensor, storage, offset, node }: NotedTensor): boolean =>
  tensor.deref()?.isAt({ storage, offset, node: node?.deref() }) ?? false;
