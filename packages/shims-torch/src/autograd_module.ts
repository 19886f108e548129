// torch.autograd
export { grad } from "./autograd.js";
