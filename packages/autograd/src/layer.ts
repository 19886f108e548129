let current = "";

/**
 * Runs `body`; what it launches, and the gradients of that, stand under `name` in profiles. A layer inside a layer is named
 * by both, `outer/inner`. `body` must be synchronous.
 */
export function withLayer<T>(name: string, body: () => T): T {
  return restoreLayer(current === "" ? name : `${current}/${name}`, body);
}

/** Runs `body` under exactly this path: how a gradient finds back to the layer of its forward pass. */
export function restoreLayer<T>(path: string, body: () => T): T {
  const outer = current;
  current = path;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** Path of the layer under way; empty outside layers. */
export function currentLayer(): string {
  return current;
}
