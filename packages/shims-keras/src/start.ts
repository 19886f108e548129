// What every entry of the package begins with: the device, and the methods of tensors.
import { startDevice } from "@facet/autograd";
import "./ops/methods.js";

await startDevice();
