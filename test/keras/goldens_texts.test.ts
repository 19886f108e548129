// What Keras prints, to the byte: model.summary() and the lines of the progress bar.
import * as keras from "@facet/shims-keras";
import { describe, expect, test, vi } from "vitest";
import { ProgressBar, plainLine, progressLine } from "../../packages/shims-keras/src/training/progbar.js";
import { make, rows } from "./golden_rows.js";

interface Description {
  inputs: Record<string, number[]>;
  nodes: [name: string, layer: string, options: object, sources: string[]][];
  outputs: string[];
}

function build({ inputs, nodes, outputs }: Description, sequential: boolean): keras.Model {
  if (sequential) {
    const [shape] = Object.values(inputs) as [number[]];
    return keras.Sequential([
      keras.Input({ shape }),
      ...nodes.map(([, name, options]) => make(keras.layers, name, options)),
    ]);
  }
  const tensors = new Map(Object.entries(inputs).map(([name, shape]) => [name, keras.Input({ shape })]));
  const first = [...tensors.values()];
  for (const [name, layer, options, sources] of nodes) {
    const given = sources.map((source) => tensors.get(source));
    tensors.set(name, make(keras.layers, layer, options)(given.length > 1 ? given : given[0]));
  }
  const last = outputs.map((name) => tensors.get(name) as keras.KerasTensor);
  return keras.Model({
    inputs: first.length > 1 ? first : (first[0] as keras.KerasTensor),
    outputs: last[0] as keras.KerasTensor,
  });
}

describe("summary", () => {
  test.each(rows("keras_texts", ({ params }) => params.fn === "summary"))("$name", ({ params }) => {
    keras.utils.clear_session();
    const model = build(params.model, params.sequential);
    if (params.optimizer) {
      model.compile({ optimizer: make(keras.optimizers, ...(params.optimizer as [string, object])), loss: "mse" });
      model.optimizer?.build(model.trainable_weights);
    }
    vi.stubEnv("COLUMNS", `${params.columns}`);
    let text = "";
    model.summary({
      ...params.options,
      print_fn: (part: string) => {
        text += part;
      },
    });
    vi.unstubAllEnvs();
    expect(text).toBe(params.text);
  });
});

describe("progress", () => {
  interface Update {
    at: number;
    step: number;
    values: Record<string, number | string>;
    line: string | null;
  }
  const numbers = (values: Update["values"]): Record<string, number> =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Number(`${value}`.replace("inf", "Infinity"))]),
    );
  const cases = rows("keras_texts", ({ params }) => params.fn === "Progbar");

  test.each(cases)("$name: each line", ({ params }) => {
    const { target, verbose } = params;
    let afterFirst: number | undefined;
    let last = {};
    for (const { at, step, values, line } of params.updates as Update[]) {
      const secondsPerStep = afterFirst !== undefined && step > 1 ? (at - afterFirst) / (step - 1) : at / step;
      if (step === 1) afterFirst = at;
      last = { ...last, ...numbers(values) };
      const finished = step === target;
      const state = { current: step, target, elapsed: at, secondsPerStep, values: last, finished };
      if (line === null) continue;
      expect(verbose === 1 ? `${progressLine(state, true)}${finished ? "\n" : ""}` : `${plainLine(state)}\n`).toBe(
        line,
      );
    }
  });

  test.each(cases.filter(({ params }) => params.updates.at(-1).step === params.target))(
    "$name: the bar's last line",
    async ({ params }) => {
      const { target, verbose } = params;
      let [text, now] = ["", 0];
      const output = {
        live: true,
        columns: 80,
        write: (part: string): void => {
          text += part;
        },
      };
      const bar = new ProgressBar(target, verbose, output, () => now);
      for (const { at, step } of params.updates as Update[]) {
        now = at;
        bar.update(step, async () => ({}));
      }
      const { values, line } = params.updates.at(-1) as Update;
      await bar.finish(numbers(values));
      const lines = text.split("\r");
      expect(lines.at(-1)?.replace("\x1b[K", "")).toBe(line);
    },
  );
});
