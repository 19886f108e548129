// What all distributions share: parameters that are broadcast and checked, samples, and printing.
import * as core from "@facet/autograd";
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { type Args, bool, int, type Keywords, listOf, printable, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { scalar, tensor } from "../kinds.js";
import { pythonFloat, sizeText } from "../python.js";
import { nextKeys } from "../random.js";
import { Tensor, wrap } from "../tensor.js";

const own = "torch.distributions.Distribution";
const sizes = listOf(int);
const sampleRules = { sample_shape: sizes.or([]) } as const;
const readers = {
  construct: signature(own, { batch_shape: sizes.or([]), event_shape: sizes.or([]), validate_args: bool.or(null) }),
  sample: signature(`${own}.sample`, sampleRules),
  rsample: signature(`${own}.rsample`, sampleRules),
  log_prob: signature(`${own}.log_prob`, { value: tensor }),
  cdf: signature(`${own}.cdf`, { value: tensor }),
  icdf: signature(`${own}.icdf`, { value: tensor }),
  entropy: signature(`${own}.entropy`, {}),
  perplexity: signature(`${own}.perplexity`, {}),
};

/** A number or a tensor, as parameters are given. */
export type Given = Tensor | number;
export const given = tensor.either(scalar);
export const validate_args = bool.or(null);
export type Shape = readonly number[];
/** Parameters of one shape, by name. */
export type Parameters = Readonly<Record<string, core.Tensor>>;
export const at = (p: Parameters, name: string): core.Tensor => p[name] as core.Tensor;

/** What values may be, in PyTorch's words. */
export interface Constraint {
  readonly text: string;
  readonly holds: (value: number) => boolean;
}
export const constraint = (text: string, holds: (value: number) => boolean): Constraint => ({ text, holds });
export const real = constraint("Real()", (value) => !Number.isNaN(value));
export const positive = constraint("GreaterThan(lower_bound=0.0)", (value) => value > 0);
export const nonnegative = constraint("GreaterThanEq(lower_bound=0.0)", (value) => value >= 0);
export const unit = constraint("Interval(lower_bound=0.0, upper_bound=1.0)", (value) => value >= 0 && value <= 1);
export const boolean = constraint("Boolean()", (value) => value === 0 || value === 1);
export const counts = constraint("IntegerGreaterThan(lower_bound=0)", (value) => value >= 0 && Number.isInteger(value));

/** The first value of a tensor that does not hold, of those that the host knows: nothing waits for the device. */
export function offending({ core: x }: Tensor, { holds }: Constraint): number | undefined {
  if (core.tracing() || core.isMapping() || x.size > 4096) return undefined;
  for (let i = 0; i < x.size; i++) {
    const value = core.knownValue(x, i);
    if (value === undefined) return undefined;
    if (!holds(value)) return value;
  }
  return undefined;
}

/** One distribution, told in formulas of its parameters, which are of its batch shape. */
export interface Row {
  readonly parameters: Readonly<Record<string, Constraint>>;
  readonly support?: Constraint;
  readonly event?: (p: Parameters) => Shape;
  /** Draws of a shape. They follow changes of the parameters unless `fixed` says of which they do not. */
  readonly draw: (key: core.AnyKey, p: Parameters, shape: Shape) => core.Tensor;
  /** Parameters by which samples have no derivative; true for all. */
  readonly fixed?: true | readonly string[];
  readonly log_prob: (x: core.Tensor, p: Parameters) => core.Tensor;
  readonly mean: (p: Parameters) => core.Tensor;
  readonly variance: (p: Parameters) => core.Tensor;
  readonly mode?: (p: Parameters) => core.Tensor;
  readonly entropy?: (p: Parameters) => core.Tensor;
  readonly cdf?: (x: core.Tensor, p: Parameters) => core.Tensor;
  readonly icdf?: (x: core.Tensor, p: Parameters) => core.Tensor;
  /** Whether it prints without its parameters, as some of PyTorch's do. */
  readonly bare?: true;
}

/** Numbers and tensors as tensors of one shape. */
export function broadcast(op: string, values: Readonly<Record<string, Given | boolean>>): Record<string, core.Tensor> {
  const tensors = Object.entries(values).map(([name, value]) => {
    if (value instanceof Tensor) {
      const floats = value.core.dtype === "float32" ? value.core : core.cast(value.core, "float32");
      return [name, floats] as const;
    }
    return [name, core.fromData([Number(value)], [], "float32")] as const;
  });
  const shape = tensors.reduce<Shape>((sum, [, x]) => common(op, sum, x.shape), []);
  return Object.fromEntries(
    tensors.map(([name, x]) => [name, `${x.shape}` === `${shape}` ? x : core.expand(x, shape)]),
  );
}

export function common(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x === y || x === 1 || y === 1) return x === 1 ? y : x;
    return complain(core.ShapeError, "Shape mismatch: objects cannot be broadcast to a single shape", {
      ...{ op, argument: "parameters", expected: sizeText(a), given: sizeText(b) },
    });
  });
}

/** What the constructor of a distribution hands to the base. */
export class Start {
  readonly row: Row;
  readonly values: Readonly<Record<string, core.Tensor>>;
  readonly batch: Shape;
  readonly check: boolean;
  /** Parameters as they print. */
  readonly shown: readonly string[];
  constructor(row: Row, values: Start["values"], batch: Shape, validate: boolean | null, shown = Object.keys(values)) {
    this.row = row;
    this.values = values;
    this.batch = batch;
    this.check = validate ?? true;
    this.shown = shown;
  }
}

type SampleArgs = Args<[sample_shape: Shape], { sample_shape: Shape }>;
type ValueArgs = [value: Tensor] | [Keywords<{ value: Tensor }>];

/**
 * Base of the distributions: `sample(shape)`, `rsample(shape)` with gradients by the parameters, `log_prob(value)`, `entropy()`, `mean`, `variance`.
 * Parameters and values are checked where the host knows them, unless `validate_args` is false.
 */
export class Distribution {
  readonly batch_shape: Shape;
  readonly event_shape: Shape;
  readonly #start: Start | undefined;

  constructor(
    ...args: Args<[batch_shape: Shape, event_shape: Shape, validate_args: boolean | null], object> | [Start]
  ) {
    const [start] = args;
    if (start instanceof Start) {
      this.#start = start;
      this.batch_shape = start.batch;
      this.event_shape = start.row.event?.(start.values) ?? [];
      for (const [name, value] of Object.entries(start.values)) {
        const shown = wrap(core.keep(value));
        Object.defineProperty(this, name, { value: shown, enumerable: true, configurable: true, writable: true });
      }
      if (start.check) this._check(start);
      return;
    }
    const { batch_shape, event_shape } = readers.construct(args);
    this.batch_shape = batch_shape;
    this.event_shape = event_shape;
  }

  _check({ row, values }: Start): void {
    for (const [name, rule] of Object.entries(row.parameters)) {
      const value = values[name];
      const found = value && offending(wrap(value), rule);
      if (found !== undefined)
        complain(
          ArgumentError,
          `Expected parameter ${name} (Tensor of shape ${pythonShape((value as core.Tensor).shape)}) of distribution ${this} to satisfy the constraint ${rule.text}, but found invalid values:\n${pythonFloat(found)}`,
          { op: this.constructor.name, argument: name, expected: rule.text, given: `${found}` },
        );
    }
  }

  /** The formulas and the parameters for them; throws for a subclass that has none. */
  _of(method: string): Start {
    if (this.#start) return this.#start;
    return complain(UnsupportedError, `NotImplementedError: a subclass of Distribution overrides ${method}`, {
      ...{ op: this.constructor.name, argument: method, expected: "a method of the subclass", given: "none" },
    });
  }
  /** What formulas compute of, after the changes that a program made to properties. */
  get _values(): Parameters {
    return this._of("parameters").values;
  }
  _formula(name: "entropy" | "mode"): core.Tensor;
  _formula(name: "cdf" | "icdf", value: core.Tensor): core.Tensor;
  _formula(name: "entropy" | "mode" | "cdf" | "icdf", value?: core.Tensor): core.Tensor {
    const formula = this._of(name).row[name] as ((...list: unknown[]) => core.Tensor) | undefined;
    if (formula) return value ? formula(value, this._values) : formula(this._values);
    return complain(UnsupportedError, `NotImplementedError: ${this.constructor.name} has no ${name}`, {
      ...{ op: this.constructor.name, argument: name, expected: "another distribution", given: this.constructor.name },
    });
  }

  /** Whether rsample() is there. */
  get has_rsample(): boolean {
    return this.#start?.row.fixed !== true;
  }
  get mean(): Tensor {
    return core.scope(() => wrap(this._of("mean").row.mean(this._values)));
  }
  get variance(): Tensor {
    return core.scope(() => wrap(this._of("variance").row.variance(this._values)));
  }
  get stddev(): Tensor {
    return core.scope(() => wrap(core.sqrt(this.variance.core)));
  }
  get mode(): Tensor {
    return core.scope(() => wrap(this._formula("mode")));
  }

  /** The shape of samples. */
  _extended(sample_shape: Shape): Shape {
    return [...sample_shape, ...this.batch_shape, ...this.event_shape];
  }
  /** Samples of shape [...sample_shape, ...batch_shape, ...event_shape], without gradients. */
  sample(...args: SampleArgs): Tensor {
    return this._sample(readers.sample(args).sample_shape);
  }
  _sample(sample_shape: Shape): Tensor {
    const { row } = this._of("sample");
    return core.noGrad(() => core.scope(() => wrap(row.draw(nextKeys(), this._values, this._extended(sample_shape)))));
  }
  /** The same, with gradients by the parameters. */
  rsample(...args: SampleArgs): Tensor {
    return this._rsample(readers.rsample(args).sample_shape);
  }
  _rsample(sample_shape: Shape): Tensor {
    const { row } = this._of("rsample");
    if (row.fixed === true)
      complain(UnsupportedError, "NotImplementedError: rsample", {
        ...{ op: this.constructor.name, argument: "rsample", expected: "sample()", given: "a distribution without" },
      });
    const fixed = core.isRecording() && row.fixed?.find((name) => core.isTracked(this._values[name] as core.Tensor));
    if (fixed)
      throw new UnsupportedError({
        op: `${this.constructor.name}.rsample`,
        argument: fixed,
        expected: "a tensor that does not require grad: samples have no derivative by it here",
        given: "one that does",
      });
    return core.scope(() => wrap(row.draw(nextKeys(), this._values, this._extended(sample_shape))));
  }

  /** Logarithm of the density or probability at `value`, of the batch shape. */
  log_prob(...args: ValueArgs): Tensor {
    const { value } = readers.log_prob(args as readonly unknown[]);
    return this._log_prob(value);
  }
  _log_prob(value: Tensor): Tensor {
    const { row, check } = this._of("log_prob");
    const found = check && row.support ? offending(value, row.support) : undefined;
    if (found !== undefined)
      complain(
        ArgumentError,
        `Expected value argument (Tensor of shape ${pythonShape(value.shape)}) to be within the support (${row.support?.text}) of the distribution ${this}, but found invalid values:\n${pythonFloat(found)}`,
        {
          op: `${this.constructor.name}.log_prob`,
          argument: "value",
          expected: row.support?.text ?? "",
          given: `${found}`,
        },
      );
    return core.scope(() => {
      const x = value.core.dtype === "float32" ? value.core : core.cast(value.core, "float32");
      return wrap(row.log_prob(x, this._values));
    });
  }
  /** The probability of at most `value`. */
  cdf(...args: ValueArgs): Tensor {
    const { value } = readers.cdf(args as readonly unknown[]);
    return core.scope(() => wrap(this._formula("cdf", value.core)));
  }
  /** The value of which cdf is `value`. */
  icdf(...args: ValueArgs): Tensor {
    const { value } = readers.icdf(args as readonly unknown[]);
    return core.scope(() => wrap(this._formula("icdf", value.core)));
  }
  entropy(...args: []): Tensor {
    readers.entropy(args);
    return this._entropy();
  }
  _entropy(): Tensor {
    return core.scope(() => wrap(this._formula("entropy")));
  }
  /** e to the entropy. */
  perplexity(...args: []): Tensor {
    readers.perplexity(args);
    return core.scope(() => wrap(core.exp(this._entropy().core)));
  }

  toString(): string {
    const names = this.#start?.row.bare ? [] : (this.#start?.shown ?? []);
    const shown = names.map((name) => {
      const value = (this as unknown as Record<string, Tensor>)[name] as Tensor;
      return `${name}: ${value.core.size === 1 ? oneText(value) : `torch.Size(${sizeText(value.shape)})`}`;
    });
    return `${this.constructor.name}(${shown.join(", ")})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function oneText(value: Tensor): string {
  if (value.rank > 0) return `${value.detach()}`;
  const { values } = printable(value.core, "float32") as { values?: ArrayLike<number> };
  const known = core.knownValue(value.core, 0) ?? values?.[0];
  return known === undefined ? "..." : pythonFloat(known);
}

const pythonShape = (shape: Shape): string => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

type RowArguments<N extends readonly string[]> = Args<
  [...{ [I in keyof N]: Given }, validate_args: boolean | null],
  { [K in N[number]]: Given } & { validate_args: boolean | null }
>;
/** A class of distributions under its name, made of its row and its parameters in the original's order. */
export function ofRow<const N extends readonly string[]>(
  name: string,
  row: Row,
  parameters: N,
): new (
  ...args: RowArguments<N>
) => Distribution & { readonly [K in N[number]]: Tensor } {
  const rules = { ...Object.fromEntries(parameters.map((parameter) => [parameter, given])), validate_args };
  const read = signature(`torch.distributions.${name}`, rules);
  const { [name]: made } = {
    [name]: class extends Distribution {
      constructor(...args: RowArguments<N>) {
        const { validate_args, ...values } = read(args as readonly unknown[]);
        const tensors = broadcast(name, values as Readonly<Record<string, Given>>);
        const { shape } = Object.values(tensors)[0] as core.Tensor;
        super(new Start(row, tensors, shape, validate_args));
      }
    },
  };
  return made as never;
}
