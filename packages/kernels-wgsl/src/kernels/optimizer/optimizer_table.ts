// Every optimiser that one flat kernel computes. Programs import the rows they use.
import type { AnyOptimizerRow } from "./optimizer_row.js";
import { adadelta } from "./rows/adadelta.js";
import { adagrad } from "./rows/adagrad.js";
import { adam } from "./rows/adam.js";
import { adamax } from "./rows/adamax.js";
import { asgd } from "./rows/asgd.js";
import { ema } from "./rows/ema.js";
import { ftrl } from "./rows/ftrl.js";
import { lambDirection } from "./rows/lamb_direction.js";
import { lion } from "./rows/lion.js";
import { muonDirection } from "./rows/muon_direction.js";
import { nadam } from "./rows/nadam.js";
import { radam } from "./rows/radam.js";
import { rmsprop } from "./rows/rmsprop.js";
import { rprop } from "./rows/rprop.js";
import { scheduleFreeAdamw } from "./rows/schedule_free_adamw.js";
import { scheduleFreeSgd } from "./rows/schedule_free_sgd.js";
import { sgd } from "./rows/sgd.js";

export const optimizerTable: readonly AnyOptimizerRow[] = [
  adadelta,
  adagrad,
  adam,
  adamax,
  asgd,
  ema,
  ftrl,
  lambDirection,
  lion,
  muonDirection,
  nadam,
  radam,
  rmsprop,
  rprop,
  scheduleFreeAdamw,
  scheduleFreeSgd,
  sgd,
];
