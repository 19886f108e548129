// flax.training.early_stopping.
import { bool, number, signature } from "@facet/dialect";
import { PyTreeNode, replaced } from "../struct.js";

const read = {
  make: signature("flax.training.early_stopping.EarlyStopping", {
    min_delta: 0,
    patience: 0,
    best_metric: number.or(Number.POSITIVE_INFINITY),
    patience_count: 0,
    should_stop: bool.or(false),
    has_improved: bool.or(false),
  }),
  reset: signature("flax.training.early_stopping.EarlyStopping.reset", {}),
  update: signature("flax.training.early_stopping.EarlyStopping.update", { metric: number }),
};
interface Fields {
  min_delta: number;
  patience: number;
  best_metric: number;
  patience_count: number;
  should_stop: boolean;
  has_improved: boolean;
}

/** EarlyStopping: whether a metric has not become smaller by `min_delta` for `patience` updates. */
export class EarlyStopping extends PyTreeNode {
  declare readonly min_delta: number;
  declare readonly patience: number;
  declare readonly best_metric: number;
  declare readonly patience_count: number;
  declare readonly should_stop: boolean;
  declare readonly has_improved: boolean;

  constructor(...args: [Partial<Fields>?] | [min_delta: number, patience?: number]) {
    super(read.make(args));
  }
  reset(...args: []): this {
    read.reset(args);
    return replaced(this, {
      best_metric: Number.POSITIVE_INFINITY,
      patience_count: 0,
      should_stop: false,
      has_improved: false,
    });
  }
  /** After another value of the metric. */
  update(...args: [metric: number]): this {
    const { metric } = read.update(args);
    const { best_metric, min_delta, patience, patience_count, should_stop } = this;
    if (!Number.isFinite(best_metric) || best_metric - metric > min_delta)
      return replaced(this, { best_metric: metric, patience_count: 0, has_improved: true });
    return replaced(this, {
      patience_count: patience_count + 1,
      should_stop: patience_count >= patience || should_stop,
      has_improved: false,
    });
  }
}
