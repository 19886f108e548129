// A real browser for tests, on machines that have none: the headless Chromium that npm brings, unpacked into a folder of its
// own, with the libraries and fonts that come with it (NSS is not on every machine), so that pictures are the same everywhere.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inflate } from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

export interface OpenedChromium {
  browser: Browser;
  close: () => Promise<void>;
}

/** @throws Error that says what is missing, where Chromium does not start */
export async function openChromium(): Promise<OpenedChromium> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `openChromium: npm brings a Chromium for Linux x64 only; this is ${process.platform} ${process.arch}`,
    );
  const folder = mkdtempSync(join(tmpdir(), "facet-chromium-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    const executablePath = await unpack(folder);
    const browser = await chromium.launch({
      executablePath,
      // Tests run as root in containers, where Chromium's sandbox cannot be made; pages are our own files.
      args: ["--no-sandbox", "--no-zygote", "--font-render-hinting=none"],
      env: {
        ...(process.env as Record<string, string>),
        LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
        FONTCONFIG_FILE: join(folder, "fonts.conf"),
      },
    });
    return {
      browser,
      close: async () => {
        await browser.close();
        remove();
      },
    };
  } catch (cause) {
    remove();
    throw new Error(`openChromium: the Chromium of @sparticuz/chromium does not start: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The package unpacks into the folder for temporary files, where another process may be unpacking the same files. */
async function unpack(folder: string): Promise<string> {
  const archives = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "..", "bin");
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const [executablePath] = await Promise.all(
      ["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((name) => inflate(join(archives, name))),
    );
    writeFileSync(
      join(folder, "fonts.conf"),
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${join(folder, "fonts")}</dir><cachedir>${join(folder, "font-cache")}</cachedir></fontconfig>`,
    );
    return executablePath as string;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
