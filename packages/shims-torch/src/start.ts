// What every entry of the package begins with: the device, and what stands on the prototypes of tensors.
import { startDevice } from "@facet/autograd";
import "./methods/tensor_methods.js";
import "./autograd/hooks.js";
import "./devices/members.js";
import "./absent.js";

await startDevice();
