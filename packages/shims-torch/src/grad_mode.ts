import { ArgumentError, isRecording, setRecording } from "@facet/autograd";
import { bool, define, func } from "@facet/dialect";

/** Ends a mode when its block ends: what `using` calls. */
export interface GradMode {
  [Symbol.dispose](): void;
}

/**
 * Ends a mode that has begun: after the call of `body`, which is synchronous, or without one where the `using` block ends.
 */
// biome-ignore lint/suspicious/noExplicitAny: the declared types of the functions say what they give.
export function during(fn: string, body: (() => unknown) | null, leave: () => void): any {
  if (!body) return { [Symbol.dispose]: leave };
  try {
    const result = body();
    if (result instanceof Promise) {
      throw new ArgumentError({
        op: fn,
        argument: "body",
        expected: `a synchronous function (in an asynchronous one write: using _ = torch.${fn}())`,
        given: "one that returned a promise",
      });
    }
    return result;
  } finally {
    leave();
  }
}

const mode = (fn: string, on: boolean, body: (() => unknown) | null) => {
  const before = setRecording(on);
  return during(fn, body, () => {
    setRecording(before);
  });
};

export interface Block {
  (): GradMode;
  <T>(body: () => T): T;
}

/** Without gradients: `using _ = torch.no_grad();` to the end of the block, or `torch.no_grad(() => { ... })`. */
export const no_grad: Block = define("torch.no_grad", { body: func.or(null) }, ({ body }) =>
  mode("no_grad", false, body),
);

/** With gradients again, inside no_grad. Used like no_grad. */
export const enable_grad: Block = define("torch.enable_grad", { orig_func: func.or(null) }, ({ orig_func }) =>
  mode("enable_grad", true, orig_func),
);

export interface Switch {
  (mode: boolean): GradMode;
  (named: { mode: boolean }): GradMode;
  <T>(mode: boolean, body: () => T): T;
}

/** Switches gradients on or off: at once and for good, until the end of a `using` block, or for a function. */
export const set_grad_enabled: Switch = define(
  "torch.set_grad_enabled",
  { mode: bool, body: func.or(null) },
  ({ mode: on, body }) => mode("set_grad_enabled", on, body),
);

export interface Inference extends Block {
  (mode: boolean): GradMode;
  (named: { mode: boolean }): GradMode;
  <T>(mode: boolean, body: () => T): T;
}

/** The same as no_grad, or with mode false as enable_grad: its tensors may be used with gradients later, which PyTorch forbids. */
export const inference_mode: Inference = define(
  "torch.inference_mode",
  { mode: bool.either(func).or(true), body: func.or(null) },
  ({ mode: given, body }) =>
    typeof given === "boolean" ? mode("inference_mode", !given, body) : mode("inference_mode", false, given),
);

/** Whether gradients are recorded. */
export const is_grad_enabled: () => boolean = define("torch.is_grad_enabled", {}, () => isRecording());
