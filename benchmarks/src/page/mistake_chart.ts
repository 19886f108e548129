// Who notices a mistake, by mistake and dialect.
import * as Plot from "@observablehq/plot";
import { mistakes } from "../api_cost/mistakes.js";
import type { Verdict } from "../api_cost/mutants.js";
import { noticed } from "../api_cost/tables.js";
import { draw, labelledRows, seriesOf } from "./charts.js";
import type { Canvas, Chart } from "./section.js";

const OUTCOMES = ["compiler", "run", "nobody", "no effect"] as const;
const DIALECTS = ["keras", "torch", "tape", "jax"] as const;

/** The two Keras programs differ in how layers are put together, not in who notices what: one stands for both. */
export function mistakeChart(verdicts: readonly Verdict[]): Chart {
  return {
    id: "api-cost-mistakes",
    title: "Who notices a mistake",
    caption:
      'Mistakes planted into a program of each API: the compiler, the library when it runs, nobody; "no effect" kept every bit of the result. Without a mark: the API leaves nothing to be mistaken in.',
    draw: (canvas) => matrix(canvas, verdicts),
  };
}

export function mistakeSentence(verdicts: readonly Verdict[]): string {
  const made = verdicts.filter(({ by }) => by !== "impossible");
  const count = (who: string): number => made.filter((verdict) => noticed(verdict) === who).length;
  const typed = made.filter(({ by, typed }) => by === "run" && typed).length;
  const run = count("run");
  return (
    `Of ${made.length} mistakes planted into the programs the compiler notices ${count("compiler")} and the library, when it runs, ` +
    `${run}, ${typed === run ? "all" : typed} of them with errors that name op and argument; ${count("nobody")} change the result and nobody notices.`
  );
}

function matrix(canvas: Canvas, verdicts: readonly Verdict[]): string {
  const cells = verdicts.flatMap((verdict) => {
    const title = mistakes.find(({ id }) => id === verdict.mistake)?.title ?? verdict.mistake;
    const dialect = verdict.program.split("_")[0] as string;
    const shown = verdict.by !== "impossible" && verdict.program !== "keras_functional";
    return shown ? [{ title, dialect, who: noticed(verdict), message: verdict.message }] : [];
  });
  const titles = mistakes.map(({ title }) => title);
  const { dy, marks, ...layout } = labelledRows(canvas, titles, { rowHeight: 22 });
  return draw(canvas, {
    label: `Who notices a mistake: ${cells.map(({ title, dialect, who }) => `${title}, ${dialect}: ${who}`).join("; ")}`,
    legend: seriesOf(OUTCOMES),
    plot: {
      ...layout,
      marginRight: 10,
      marginTop: 28,
      marginBottom: 10,
      x: { type: "point", domain: [...DIALECTS], padding: 0.5 },
      marks: [
        Plot.axisX({ anchor: "top", label: null, tickSize: 0 }),
        Plot.ruleY(titles, { y: (title: string) => title, stroke: "var(--line)", dy }),
        ...marks,
        Plot.dot(cells, {
          x: "dialect",
          y: "title",
          dy,
          r: 5,
          fill: "who",
          symbol: "who",
          title: ({ title, dialect, who, message }: (typeof cells)[0]) => `${title}, ${dialect}: ${who}. ${message}`,
        }),
      ],
    },
  });
}
