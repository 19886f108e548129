// The losses of one program of the gallery, beside those of the framework that it came from.
import * as Plot from "@observablehq/plot";
import { draw, seriesOf, standalone, xAxis, yAxis } from "./page/charts.js";

export interface Losses {
  /** By step. */
  facet: readonly number[];
  /** As many, from the real framework. */
  original: readonly number[];
}

const FRAMEWORKS: Readonly<Record<string, string>> = { torch: "PyTorch", keras: "Keras", jax: "JAX" };

/** An SVG file: Facet's losses as a line, the original's as marks on it. `name` is dialect/program. */
export function drawLosses(document: Document, name: string, { facet, original }: Losses): string {
  const framework = FRAMEWORKS[name.split("/")[0] as string] as string;
  const legend = seriesOf(["Facet", framework]);
  const points = (losses: readonly number[]) => losses.map((loss, i) => ({ step: i + 1, loss }));
  return standalone(
    draw(
      { document, width: 280 },
      {
        label: `${name}: losses by Facet and by ${framework}`,
        legend,
        plot: {
          height: 150,
          marginLeft: 44,
          marginBottom: 44,
          x: { domain: [1, facet.length], label: name },
          y: { domain: [Math.min(...facet, ...original), Math.max(...facet, ...original)], nice: true, label: null },
          marks: [
            ...xAxis({ ticks: 4, label: name, labelAnchor: "center" }),
            ...yAxis({ ticks: 4 }),
            Plot.line(points(facet), { x: "step", y: "loss", stroke: "var(--s1)", strokeWidth: 1.5 }),
            Plot.dot(points(original), { x: "step", y: "loss", stroke: "var(--s2)", symbol: "square", r: 3 }),
          ],
        },
      },
    ),
  );
}
