/** The text of a .wgsl file as dist and tests have it. */
export function shaderText(source: string): string;
