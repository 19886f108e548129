// What every entry of the package begins with: the device, and the methods of arrays.
import { startDevice } from "@facet/autograd";
import "./array_methods.js";

await startDevice();
