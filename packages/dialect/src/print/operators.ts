import { UnsupportedError } from "@facet/autograd";

/** The methods that stand for the operators of a dialect's arrays, as its programs write them. */
export interface OperatorMethods {
  readonly arithmetic: string;
  readonly add: string;
  readonly comparison: string;
}

/**
 * The body of `[Symbol.toPrimitive]` of arrays. JavaScript has no operators on objects: it turns them into numbers or text
 * first, so that `a * b`, `a < b`, `-a` and `a + b` would be NaN, false or joined text. Throws UnsupportedError naming
 * the methods; only text is given, for template literals and String(a). What JavaScript decides without asking
 * (`a === b`, `if (a)`, `!a`) cannot be refused.
 */
export function primitiveOf(array: object, hint: string, type: string, methods: OperatorMethods): string {
  if (hint === "string") return `${(array as { toString(): string }).toString()}`;
  // "default" is what `+` and `==` ask with, "number" all other operators.
  const [argument, use] =
    hint === "default"
      ? ["+ or ==", `${methods.add}; for text write a template literal`]
      : ["an operator", `${methods.arithmetic}, ${methods.comparison}`];
  throw new UnsupportedError({
    op: type,
    argument,
    expected: `methods in the place of operators: ${use}`,
    given: "an operator, which JavaScript does not have for objects",
  });
}
