import { ArgumentError, isRecording, setRecording } from "@facet/autograd";

/** Ends a mode when its block ends: what `using` calls. */
export interface GradMode {
  [Symbol.dispose](): void;
}

function mode(fn: string, on: boolean): GradMode;
function mode<T>(fn: string, on: boolean, body: () => T): T;
function mode<T>(fn: string, on: boolean, body?: () => T): T | GradMode;
function mode<T>(fn: string, on: boolean, body?: () => T): T | GradMode {
  const before = setRecording(on);
  if (!body) {
    return {
      [Symbol.dispose]: () => {
        setRecording(before);
      },
    };
  }
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
    setRecording(before);
  }
}

/** Without gradients: `using _ = torch.no_grad();` to the end of the block, or `torch.no_grad(() => { ... })`. */
export function no_grad(): GradMode;
export function no_grad<T>(body: () => T): T;
export function no_grad<T>(body?: () => T): T | GradMode {
  return mode("no_grad", false, body);
}

/** With gradients again, inside no_grad. Used like no_grad. */
export function enable_grad(): GradMode;
export function enable_grad<T>(body: () => T): T;
export function enable_grad<T>(body?: () => T): T | GradMode {
  return mode("enable_grad", true, body);
}

/** Switches gradients on or off: at once and for good, until the end of a `using` block, or for a function. */
export function set_grad_enabled(on: boolean): GradMode;
export function set_grad_enabled<T>(on: boolean, body: () => T): T;
export function set_grad_enabled<T>(on: boolean, body?: () => T): T | GradMode {
  return mode("set_grad_enabled", on, body);
}

/** The same as no_grad: its tensors may be used with gradients later, which PyTorch forbids. */
export function inference_mode(): GradMode;
export function inference_mode<T>(body: () => T): T;
export function inference_mode<T>(body?: () => T): T | GradMode {
  return mode("inference_mode", false, body);
}

export const is_grad_enabled = (): boolean => isRecording();
