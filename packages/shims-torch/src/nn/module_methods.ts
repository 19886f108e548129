// Methods of modules that find their parts by name and say of what dtype they are.
import { ArgumentError, DtypeError, UnsupportedError } from "@facet/autograd";
import { type Args, bool, defineMethod, instance, type Keywords, string } from "@facet/dialect";
import { checkDevice, type Device, type Dtype, float32 } from "../dtype.js";
import { complain } from "../errors.js";
import { device } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import { Module } from "./module.js";
import type { Parameter } from "./parameter.js";

const own = (name: string): string => `torch.nn.Module.${name}`;

function missing(op: string, sentence: string, target: string): never {
  return complain(ArgumentError, sentence, {
    ...{ op, argument: "target", expected: "a dotted name that is there", given: target },
  });
}

/** The module that a dotted name leads to. */
function follow(op: string, root: Module, target: string): Module {
  let found = root;
  for (const name of target === "" ? [] : target.split(".")) {
    const next = found._modules.get(name) ?? (name in found ? Reflect.get(found, name) : undefined);
    if (next === undefined) missing(op, `${found._get_name()} has no attribute \`${name}\``, target);
    if (!(next instanceof Module)) missing(op, `\`${name}\` is not an nn.Module`, target);
    found = next;
  }
  return found;
}

/** A module's tensor of a dotted name, which `map` holds. */
function tensorAt<T>(
  op: string,
  root: Module,
  target: string,
  of: (module: Module) => ReadonlyMap<string, T | null>,
  what: string,
): T {
  const at = target.lastIndexOf(".");
  const name = target.slice(at + 1);
  const owner = follow(op, root, target.slice(0, Math.max(0, at)));
  if (!(name in owner)) missing(op, `${owner._get_name()} has no attribute \`${name}\``, target);
  return of(owner).get(name) ?? missing(op, `\`${name}\` is not ${what}`, target);
}

/** Throws unless a module's floating point tensors are of the dtype already: there are no others. */
export function requireFloat32(op: string, given: Dtype): void {
  if (!given.is_floating_point && !given.name.startsWith("complex"))
    complain(DtypeError, `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${given}`, {
      op,
      argument: "dtype",
      expected: "torch.float32",
      given: `${given}`,
    });
  if (given !== float32)
    throw new UnsupportedError({ op, argument: "dtype", expected: "torch.float32", given: `${given}` });
}

function setSubmodule(self: Module, target: string, module: Module, strict: boolean): void {
  const op = "set_submodule";
  if (target === "") missing(op, "Cannot set the submodule without a target name!", target);
  const at = target.lastIndexOf(".");
  const name = target.slice(at + 1);
  const parent = follow(op, self, target.slice(0, Math.max(0, at)));
  if (!(name in parent)) {
    if (strict) missing(op, `${parent._get_name()} has no attribute \`${name}\``, target);
  } else if (!(Reflect.get(parent, name) instanceof Module)) missing(op, `\`${name}\` is not an nn.Module`, target);
  Reflect.set(parent, name, module);
}

const modules = instance(() => Module, "a Module");
const target = { target: string } as const;
type Target = [target: string] | [Keywords<{ target: string }>];

export interface ModuleMethods {
  /** The module of a dotted name; of "" the module itself. */
  get_submodule(...args: Target): Module;
  /** The parameter of a dotted name. */
  get_parameter(...args: Target): Parameter;
  /** The buffer of a dotted name. */
  get_buffer(...args: Target): Tensor;
  /** Puts a module in the place of a dotted name, which may be new unless `strict`. */
  set_submodule(
    ...args: Args<
      [target: string, module: Module, strict: boolean],
      { target: string; module: Module; strict: boolean }
    >
  ): void;
  /** The module itself: parameters are float32. */
  float(): this;
  /** Checks the device and changes nothing: there is one. */
  to_empty(...args: [Keywords<{ device: Device | string | null; recurse: boolean }>]): this;
}

export const moduleMethods = {
  get_submodule: defineMethod(own("get_submodule"), target, (self: Module, given) =>
    follow("get_submodule", self, given.target),
  ),
  get_parameter: defineMethod(own("get_parameter"), target, (self: Module, given) =>
    tensorAt("get_parameter", self, given.target, (module) => module._parameters, "an nn.Parameter"),
  ),
  get_buffer: defineMethod(own("get_buffer"), target, (self: Module, given) =>
    tensorAt("get_buffer", self, given.target, (module) => module._buffers, "a buffer"),
  ),
  set_submodule: defineMethod(
    own("set_submodule"),
    { target: string, module: modules, strict: bool.or(false) },
    (self: Module, given) => setSubmodule(self, given.target, given.module, given.strict),
  ),
  float: defineMethod(own("float"), {}, (self: Module) => self),
  to_empty: defineMethod(
    own("to_empty"),
    { "*": null, device: device.orNone, recurse: bool.or(true) },
    (self: Module, given) => {
      if (given.device !== null) checkDevice("Module.to_empty", given.device);
      return self;
    },
  ),
};
