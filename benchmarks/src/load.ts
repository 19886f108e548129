// How busy a machine was, and when that is too busy for its times.
import { loadavg } from "node:os";

/** Runnable processes over the last minute, to a tenth; what is measured is among them. */
export const currentLoad = (): number => Number((loadavg()[0] as number).toFixed(1));

/** Whether more ran than one program that uses every core, and a little beside. */
export const isBusy = (load: number, cores: number): boolean => load > cores + 1;

/** Said in charts of times that were taken then. */
export const BUSY_MARK = "busy machine: times are upper bounds";
