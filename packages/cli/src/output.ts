/** Where a command writes: lines of its result, lines about what went wrong, and whether escape codes are understood. */
export interface Output {
  line(text: string): void;
  error(text: string): void;
  readonly color: boolean;
}

/** The process's own output. Colours only on a terminal, and not with NO_COLOR. */
export function terminal(): Output {
  return {
    line: (text) => process.stdout.write(`${text}\n`),
    error: (text) => process.stderr.write(`${text}\n`),
    color: process.stdout.isTTY === true && !process.env.NO_COLOR,
  };
}

const CODES = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39] } as const;

/** `text` in a style, if the output understands it. */
export function styled(output: Output, style: keyof typeof CODES, text: string): string {
  const [on, off] = CODES[style];
  return output.color ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

/** 1 073 741 824 -> `1.00 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(2)} ${units[power]}`;
}

/** `text` in lines of at most `width` characters, broken at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
