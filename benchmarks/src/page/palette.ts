// Colours of page and charts, as CSS variables that follow the reader's scheme; print is always light. Series differ in
// lightness as well as in hue, for readers who do not tell all hues apart, and charts give each its own symbol too.

const light = {
  paper: "#ffffff",
  panel: "#f5f7f9",
  ink: "#1a1f26",
  muted: "#555e69",
  line: "#d4dae1",
  link: "#0a58a8",
  bad: "#b3261e",
  s1: "#0b5ea8",
  s2: "#c2500c",
  s3: "#0a7d60",
  s4: "#8f4a9e",
  s5: "#8a6a00",
  s6: "#4b8fb8",
};

const dark: typeof light = {
  paper: "#12161b",
  panel: "#1b2128",
  ink: "#e7eaee",
  muted: "#a5afba",
  line: "#39424d",
  link: "#7db8f7",
  bad: "#ff8a80",
  s1: "#5ea8ec",
  s2: "#ff9a5c",
  s3: "#3cc8a0",
  s4: "#d69be4",
  s5: "#e2c453",
  s6: "#a8d6f0",
};

/** Series, in the order in which they are given out. */
export const SERIES = ["var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)", "var(--s6)"] as const;
export const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross", "star"] as const;

/** The variables, for a style element. */
export function paletteCss(selector: string): string {
  const variables = (colours: typeof light): string =>
    Object.entries(colours)
      .map(([name, value]) => `--${name}:${value}`)
      .join(";");
  return (
    `${selector}{color-scheme:light dark;${variables(light)}}\n` +
    `@media screen and (prefers-color-scheme:dark){${selector}{${variables(dark)}}}`
  );
}
