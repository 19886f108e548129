/**
 * Names of a function's parameters in their order, as its text has them; undefined for one that is taken apart ({ a, b }) or
 * collected (...rest). For the options that name arguments, as Python's inspect lets the original look them up.
 */
export function parameterNames(fun: (...args: never[]) => unknown): (string | undefined)[] {
  const text = Function.prototype.toString.call(fun);
  const single = /^(?:async\s+)?([A-Za-z_$][\w$]*)\s*=>/.exec(text);
  if (single) return [single[1]];
  const open = text.indexOf("(");
  if (open < 0) return [];
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const letter of text.slice(open + 1)) {
    if (depth === 0 && letter === ")") break;
    if ("([{".includes(letter)) depth++;
    if (")]}".includes(letter)) depth--;
    if (depth === 0 && letter === ",") {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  if (part.trim() !== "") parts.push(part);
  return parts.map((each) => /^\s*([A-Za-z_$][\w$]*)\s*(=|$)/.exec(each)?.[1]);
}
