import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";

import { hasBrowser, openBrowser } from "../helpers/browser.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { startCall } from "./agent-call.ts";
import { push, remoteLog, startAskingHome } from "./approvals-home.ts";
import type { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

/** Where the screenshots go, for somebody to look at them. */
const pictures = process.env["APPROVALS_PICTURES"] ?? resolve(import.meta.dir, "../../dist/pictures");

let home: TemporaryHome;
let server: Bun.Subprocess<"ignore", "pipe", "inherit">;
let url: URL;
let key: string;

beforeAll(async () => {
  home = await startAskingHome();
  server = Bun.spawn([`${import.meta.dir}/../../scripts/run.sh`, "approvals", "--web"], {
    cwd: home.project,
    env: home.environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let printed = "";
  for await (const chunk of server.stdout) {
    printed += Buffer.from(chunk).toString();
    const found = /http:\/\/127\.0\.0\.1:\d+\/#[0-9a-f]{64}/u.exec(printed)?.[0];
    if (found !== undefined) {
      url = new URL(found);
      key = url.hash.slice(1);
      break;
    }
  }
});

afterAll(async () => {
  server.kill();
  await server.exited;
  await home[Symbol.asyncDispose]();
});

interface Listed {
  readonly questions: readonly { readonly id: string; readonly line: string }[];
}

async function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return await fetch(new URL(path, url), { headers });
}

async function listed(): Promise<Listed["questions"]> {
  const response = await get("/questions", { Authorization: `Bearer ${key}` });
  return ((await response.json()) as Listed).questions;
}

async function onlyQuestion(): Promise<string> {
  return await waitFor("one call waits", async () => {
    const all = await listed();
    return all.length === 1 && all[0]?.id;
  });
}

async function answer(body: unknown, headers: Readonly<Record<string, string>>, method = "POST"): Promise<number> {
  const response = await fetch(new URL("/answer", url), {
    method,
    headers,
    ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
  });
  return response.status;
}

describe.skipIf(!hasBrowser)("the page of run.sh approvals --web, in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  async function open(width = 1000): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.on("pageerror", (error) => console.error(error));
    await page.goto(url.href);
    return page;
  }

  test("approves and denies a real git push", async () => {
    await using page = await open();
    await page.getByText("Nothing waits for you").waitFor();
    await using denied = push(home, "origin", "main");
    await page.locator("article").waitFor();
    expect(await page.locator(".line").textContent()).toBe("git push origin main");
    expect(await page.locator(".preview").textContent()).toContain("src/parser.ts | 40 ++++");
    expect(await page.title()).toBe("(1) Approvals");
    await page.getByRole("textbox").fill("after the <b>review</b>");
    await page.getByRole("button", { name: "Deny" }).click();
    const { status, stderr } = await denied.finished;
    expect({ status, stderr }).toEqual({ status: 126, stderr: expect.stringContaining("after the <b>review</b>") });
    expect(remoteLog(home, "main")).toBe("first\n");
    await page.locator("article.denied").waitFor();

    await using approved = push(home, "origin", "main");
    await page.locator("article:not(.over)").waitFor();
    await page.getByRole("button", { name: "Approve once" }).click();
    expect((await approved.finished).status).toBe(0);
    expect(remoteLog(home, "main")).toBe("Add the parser\nfirst\n");
    await page.locator("article.approved").waitFor();
    expect(await page.locator(".approved .outcome").textContent()).toMatch(/^Approved once by .+ \(page\)$/u);
  });

  test("shows what the agent chose as text, whatever it is", async () => {
    await using page = await open();
    const branch = "<img src=x onerror=document.title='owned'>";
    await using asked = push(home, "origin", branch, "\u001b[2J\u202eevil", "m\u0430in");
    await page.locator("article").waitFor();
    expect(await page.locator(".line").textContent()).toBe(
      `git push origin '<img src=x onerror=document.title='\\''owned'\\''>' $'\\x1b[2J\\u202eevil' 'm\u0430in'`,
    );
    expect(await page.locator(".odd").first().textContent()).toContain(String.raw`'m\u0430in'`);
    expect(await page.locator("article img").count()).toBe(0);
    expect(await page.title()).toBe("(1) Approvals");
    await waitForButtons(page);
    await page.getByRole("button", { name: "Deny" }).click();
    expect((await asked.finished).status).toBe(126);
  });

  test("tells one of two approvers that the other has answered", async () => {
    await using first = await open();
    await using second = await open();
    await using asked = push(home, "origin", "other");
    await Promise.all([first, second].map(async (page) => await page.locator("article").waitFor()));
    await waitForButtons(second);
    await first.getByRole("button", { name: "Approve for this session" }).click();
    await second.locator("article.approved").waitFor();
    expect(await second.locator(".outcome").textContent()).toMatch(/^Approved for this session by /u);
    expect((await asked.finished).status).toBe(0);
    await using again = push(home, "origin", "other");
    expect((await again.finished).status).toBe(0);
  });

  test("says that it is not connected with a wrong key", async () => {
    await using page = await browser.newPage();
    await page.goto(new URL("/#0123", url).href);
    await page.getByText("take the whole address").waitFor();
  });

  test("looks well, light and dark, narrow and wide", async () => {
    await mkdir(pictures, { recursive: true });
    await home.writeConfig("sh", "plugin: sh\ndefault: ask\n");
    expect(await home.run(["start", "sh"])).toMatchObject({ status: 0 });
    await using page = await open();
    await page.getByText("plugins: git, sh").waitFor();
    await page.getByText("Nothing waits for you").waitFor();
    await takePictures(page, "empty");
    const branches = Array.from({ length: 24 }, (_, index) => `main:feature/a-long-name-of-a-branch-${index + 1}`);
    await using long = push(home, "origin", ...branches, "x".repeat(300));
    await using odd = push(home, "origin", "HEAD:refs/heads/m\u0430in", "\u001b[31mred\u202e", "tab\there");
    await using forced = push(home, "--force", "origin", ":main", "+other:main");
    await using script = startCall(home, ["sh", "-c", 'for file in *; do\n  wc -l "$file"\ndone']);
    await page.locator("article").nth(3).waitFor();
    await waitForButtons(page);
    await page.getByRole("textbox").first().focus();
    await takePictures(page, "waiting");
    const answers = [
      { line: "sh -c", word: "", verdict: "Approve once" },
      { line: "--force", word: "not like this: ask me first, and say what it is for", verdict: "Deny" },
      { line: "a-long-name", word: "", verdict: "Deny" },
      { line: "tab", word: "", verdict: "Deny" },
    ];
    for (const { line, word, verdict } of answers) {
      const card = page.locator("article", { has: page.locator(".line", { hasText: line }) });
      await card.getByRole("textbox").fill(word);
      await card.getByRole("button", { name: verdict }).click();
      await card.locator(".outcome:not([hidden])").waitFor();
    }
    await takePictures(page, "answered");
    await Promise.all([long, odd, forced, script].map(async ({ finished }) => await finished));
  });
});

/** In all four looks; what can be measured of them is. */
async function takePictures(page: Page, name: string): Promise<void> {
  for (const width of [1200, 360]) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      expect(await page.evaluate(FAINT)).toEqual([]);
    }
  }
}

/** Texts whose contrast to what is behind them is less than 4.5 (WCAG 2.2, 1.4.3). */
const FAINT = `(() => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgb(color).map((part) => (part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return rgb(backgroundColor)[3] === 0 && element.parentElement ? behind(element.parentElement) : backgroundColor;
  };
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "";
  const placeholders = [...document.querySelectorAll("input")].map((input) => [input, "::placeholder"]);
  const texts = [...document.body.querySelectorAll("*")].filter((element) => [...element.childNodes].some(isText));
  return [...texts.map((element) => [element, null]), ...placeholders]
    .filter(([element]) => element.checkVisibility())
    .map(([element, part]) => [element.className || element.localName, contrast(light(getComputedStyle(element, part).color), light(behind(element)))])
    .filter(([, found]) => found < 4.5);
})()`;

async function waitForButtons(page: Page): Promise<void> {
  await page.locator("button:not([disabled])").first().waitFor();
}

describe("the page of run.sh approvals --web, against others", () => {
  test("is open to this machine alone, and its key is not in what it serves", async () => {
    const text = await (await get("/")).text();
    expect(text).toContain("<title>Approvals</title>");
    expect(text).not.toContain(key);
    const listening = Bun.spawnSync(["ss", "-Hltn", `sport = :${url.port}`]).stdout.toString();
    expect(listening === "" ? "127.0.0.1:" : listening).toContain("127.0.0.1:");
  });

  test("every answer forbids framing, foreign scripts and storing", async () => {
    for (const path of ["/", "/page.js", "/questions", "/nothing"]) {
      const { headers } = await get(path);
      expect(headers.get("Content-Security-Policy")).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/u);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
  });

  test.each([
    { name: "no key", headers: {}, status: 401 },
    { name: "a wrong key", headers: { Authorization: `Bearer ${"0".repeat(64)}` }, status: 401 },
    { name: "a key in the address", headers: {}, path: "/questions?key=", status: 401 },
    { name: "another Host", headers: { Host: "evil.example" }, status: 403 },
    { name: "a Host by another name of this machine", headers: { Host: "localhost" }, status: 403 },
    { name: "a foreign Origin", headers: { Origin: "http://evil.example" }, status: 403 },
    { name: "the Origin null", headers: { Origin: "null" }, status: 403 },
    { name: "another site's page", headers: { "Sec-Fetch-Site": "cross-site" }, status: 403 },
  ])("the questions are not for a request with $name", async ({ headers, path = "/questions", status }) => {
    const isKeyed = status === 403 && { Authorization: `Bearer ${key}` };
    const asked = path.endsWith("=") ? `${path}${key}` : path;
    expect((await get(asked, { ...isKeyed, ...(headers as Record<string, string>) })).status).toBe(status);
  });

  test("an answer counts only from the page itself, and never by GET", async () => {
    await using asked = push(home, "origin", "main:attacked");
    const id = await onlyQuestion();
    const own = { Authorization: `Bearer ${key}`, Origin: url.origin };
    const yes = { id, verdict: "once" };
    expect(await answer(yes, { Origin: url.origin })).toBe(401);
    expect(await answer(yes, { ...own, Authorization: "Bearer x" })).toBe(401);
    expect(await answer(yes, { Authorization: own.Authorization })).toBe(403);
    expect(await answer(yes, { ...own, Origin: "http://evil.example" })).toBe(403);
    expect(await answer(yes, { ...own, Origin: `http://localhost:${url.port}` })).toBe(403);
    expect(await answer(yes, { ...own, Host: `evil.example:${url.port}` })).toBe(403);
    expect(await answer(yes, own, "GET")).toBe(404);
    expect(await answer(yes, own, "OPTIONS")).toBe(404);
    expect(await answer({ id, verdict: "always" }, own)).toBe(400);
    expect(await answer({ ...yes, word: "x".repeat(161) }, own)).toBe(400);
    expect(await answer("x".repeat(5000), own)).toBeGreaterThanOrEqual(400);
    expect((await get(`/answer?id=${id}&verdict=once`, own)).status).toBe(404);
    expect(await onlyQuestion()).toBe(id);
    expect(await answer({ id, verdict: "deny", word: "no" }, own)).toBe(200);
    expect((await asked.finished).status).toBe(126);
  });

  test("files beside the page are not served", async () => {
    for (const path of ["/../main.ts", "/%2e%2e/main.ts", "/page/page.html", "/etc/passwd"]) {
      expect((await get(path, { Authorization: `Bearer ${key}` })).status).toBe(404);
    }
  });
});
