// A real browser for tests, on machines that have none: the headless Chromium that npm brings, unpacked into a folder of its
// own, with the libraries and fonts that come with it (NSS is not on every machine), so that pictures are the same everywhere.
import { createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import { extract } from "tar-fs";

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

/** Unpacks the package's archives into the folder. */
async function unpack(folder: string): Promise<string> {
  const archives = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "..", "bin");
  const inflate = (archive: string, target: NodeJS.WritableStream): Promise<void> =>
    pipeline(createReadStream(join(archives, archive)), createBrotliDecompress(), target);
  const executablePath = join(folder, "chromium");
  await Promise.all([
    inflate("chromium.br", createWriteStream(executablePath, { mode: 0o700 })),
    ...["fonts", "al2023"].map((name) => inflate(`${name}.tar.br`, extract(join(folder, name)))),
  ]);
  writeFileSync(
    join(folder, "fonts.conf"),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${join(folder, "fonts")}</dir><cachedir>${join(folder, "font-cache")}</cachedir></fontconfig>`,
  );
  return executablePath;
}
