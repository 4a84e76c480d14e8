import { chromium, type Browser } from "playwright-core";

/** The system's own Chromium; a run without says so, once, where its tests are skipped. */
const program = ["chromium", "chromium-browser", "google-chrome"].map((name) => Bun.which(name)).find(Boolean);

export const hasBrowser: boolean = program !== undefined;
if (!hasBrowser) {
  console.log("chromium is not here: the tests that need a browser are skipped");
}

export async function openBrowser(): Promise<Browser> {
  // Root may not use its sandbox, and the pages here are our own.
  return await chromium.launch({ executablePath: program ?? "", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
