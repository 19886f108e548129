// What all dialects do alike: reading arguments (ARCHITECTURE.md, "Arguments") and printing arrays.

export { type Args, isKeywords, type Keywords } from "./keywords.js";
export {
  any,
  bool,
  func,
  instance,
  int,
  Kind,
  listOf,
  mapping,
  number,
  oneOf,
  oneOrMore,
  string,
} from "./kinds.js";
export { defineMethod, type Method, type Methods, methods } from "./methods.js";
export { nearest, snake } from "./names.js";
export { namespace, refuseAbsentMembers } from "./namespace.js";
export * from "./print/index.js";
export { Only, only, Parameter, type Rule, type Rules, required, type Values } from "./rules.js";
export { show } from "./show.js";
export {
  type Declared,
  define,
  overloads,
  overloadsWith,
  type ParameterKind,
  type Reader,
  type Signature,
  type SignatureOptions,
  signature,
  signatures,
} from "./signature.js";
