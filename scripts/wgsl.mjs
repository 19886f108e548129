// What of a shader's text a program carries: all but comments and empty lines. Line breaks and indentation stay, as
// specialising finds declarations by them.

/** The text of a .wgsl file as dist and tests have it. */
export function shaderText(source) {
  return source
    .replace(/\/\/.*$/gm, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}
