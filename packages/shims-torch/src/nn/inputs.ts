// What the layers' forward takes.
import { type Keywords, signature } from "@facet/dialect";
import { tensor } from "../kinds.js";
import type { Tensor } from "../tensor.js";

export type Input = [input: Tensor] | [Keywords<{ input: Tensor }>];
export type InputAndTarget =
  | [input: Tensor, target: Tensor]
  | [input: Tensor, Keywords<{ target: Tensor }>]
  | [Keywords<{ input: Tensor; target: Tensor }>];

export const inputOf = (layer: string) => signature(`torch.nn.${layer}.forward`, { input: tensor });
export const inputAndTargetOf = (loss: string) =>
  signature(`torch.nn.${loss}.forward`, { input: tensor, target: tensor });
