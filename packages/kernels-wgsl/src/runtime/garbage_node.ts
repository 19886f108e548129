import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setGarbageCollector } from "./garbage.js";

let collect: (() => void) | undefined;

setGarbageCollector(() => {
  if (!collect) {
    // The flag makes `gc` a global of contexts made from now on; it takes effect without restarting Node.
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
    setFlagsFromString("--no-expose-gc");
  }
  collect();
});
