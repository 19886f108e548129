import type { BindingArrays, KernelCase } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { commonReference } from "./optimizer_row.js";
import { type OptimizerParams, optimizerOrigin, STATE_BINDINGS } from "./optimizer_step.js";

/** One step in f64 of hyperparameters rounded to f32, by the reference of the row that the constants were made from. */
export function optimizerStepReference(
  inputs: BindingArrays,
  given: KernelCase["params"],
  constants: Constants,
): BindingArrays {
  const form = optimizerOrigin(constants);
  if (!form) throw new Error("the constants are those of no optimiser");
  const params = given as OptimizerParams;
  const hyper = Object.fromEntries(
    form.hyper.map((name, i) => [name, Math.fround(params[`h${i}` as keyof OptimizerParams])]),
  );
  const { late } = inputs;
  if (late)
    for (const [j, name] of form.byStep.entries()) {
      const isRate = form.row.byStep?.rates?.includes(name);
      const lr = Math.fround(params[`h${form.hyper.length}` as keyof OptimizerParams]);
      hyper[name] = (late[j] as number) * (isRate ? lr : 1);
    }
  const { p, g, scale, segment } = inputs as { p: Float32Array; g: Float32Array } & Record<string, Float32Array>;
  const out: BindingArrays = { p: p.slice() };
  for (const name of STATE_BINDINGS) if (inputs[name]) out[name] = inputs[name].slice();
  for (let i = 0; i < params.count; i++) {
    const factor = scale?.[segment ? (segment[params.first_block + (i >> params.block_shift)] as number) : 0] ?? 1;
    if (factor < 0) continue;
    const element: Record<string, number> = commonReference(
      p[i] as number,
      (g[i] as number) * factor,
      hyper,
      form.common,
    );
    for (const [s, name] of form.states.entries()) element[name] = inputs[STATE_BINDINGS[s] as string]?.[i] as number;
    const result = form.row.reference(element, hyper, form.switches);
    (out.p as Float32Array)[i] = result.p as number;
    for (const [s, name] of form.states.entries())
      (out[STATE_BINDINGS[s] as string] as Float32Array)[i] = result[name] as number;
  }
  return out;
}
