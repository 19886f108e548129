// Layers that are a function with settings: a class each, made of a row.
import { type Args, type Keywords, type Rules, signature } from "@facet/dialect";
import type { Tensor } from "../tensor.js";
import type { Input } from "./inputs.js";
import { Module } from "./module.js";

/** A layer with its settings as properties. */
export type FunctionLayer<Settings, Inputs extends readonly unknown[] = Input> = FunctionModule<Inputs> &
  Readonly<Settings>;
interface FunctionModule<Inputs extends readonly unknown[]> extends Module {
  forward(...args: Inputs): Tensor;
}
/** Its class: `Positional` are the settings in their order, `Named` all that are taken, `Settings` those that are kept. */
export type LayerClass<
  Positional extends readonly unknown[],
  Named extends object,
  Inputs extends readonly unknown[] = Input,
  Settings extends object = Named,
> = new (...args: Args<Positional, Named>) => FunctionLayer<Settings, Inputs>;

/** Two tensors, or three, under their names. */
export type Two<A extends string, B extends string> = Args<[Tensor, Tensor], Record<A | B, Tensor>>;
export type Three<A extends string, B extends string, C extends string> =
  | [first: Tensor, second: Tensor, third: Tensor]
  | [first: Tensor, second: Tensor, Keywords<Record<C, Tensor>>]
  | [Keywords<Record<A | B | C, Tensor>>];

// biome-ignore lint/suspicious/noExplicitAny: rows of all settings and inputs stand in one table; the class' type says what it takes.
type Given = any;

export interface LayerRow {
  readonly rules: Rules;
  /** What forward takes. */
  readonly inputs: Rules;
  readonly forward: (inputs: Given, settings: Given) => Tensor;
  /** What stands between the brackets of the printed form. */
  readonly repr?: ((settings: Given) => string) | undefined;
  /** Settings to keep, of those given; default: these. */
  readonly keep?: ((given: Given) => object) | undefined;
  /** Settings that are tensors, or null, and belong to the module's state. */
  readonly buffers?: readonly string[] | undefined;
}

/** A class of layers under its name in torch.nn. The row is made here, so that bundlers see what may be left out. */
export function functionLayer<C>(name: string, make: () => LayerRow): C {
  const row = make();
  const read = signature(`torch.nn.${name}`, row.rules);
  const readInputs = signature(`torch.nn.${name}.forward`, row.inputs);
  const { [name]: made } = {
    [name]: class extends Module {
      constructor(...args: unknown[]) {
        super();
        const given = read(args);
        for (const [key, value] of Object.entries(row.keep ? row.keep(given) : given))
          if (row.buffers?.includes(key)) this.register_buffer(key, value as Tensor | null);
          else (this as Given)[key] = value;
      }
      override forward(...args: unknown[]): Tensor {
        return row.forward(readInputs(args), this);
      }
      override extra_repr(): string {
        return row.repr?.(this) ?? "";
      }
    },
  };
  return made as C;
}
