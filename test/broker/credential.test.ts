import { describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";

import { Credentials } from "../../src/broker/credential.ts";
import type { CredentialReference } from "../../src/policy/broker-config.ts";

const file = (path: string): CredentialReference => ({ source: { kind: "file", path }, username: undefined });
const command = (line: string, cacheMs = 60_000): CredentialReference => ({
  source: { kind: "command", command: ["/bin/sh", "-c", line], cacheMs },
  username: "me",
});

/** What is said when there is no credential to be had. */
async function refusalOf(reference: CredentialReference): Promise<string> {
  return await new Credentials().get(reference).then(
    ({ secret }) => `got ${secret}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/credential-`);
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("Credentials finds what is below /run/secrets in the folder that PLUGIN_SECRETS names, and only that", async () => {
  await inFolder(async (folder) => {
    await writeFile(`${folder}/token`, "one\n");
    process.env["PLUGIN_SECRETS"] = folder;
    try {
      expect(await new Credentials().get(file("/run/secrets/token"))).toMatchObject({
        secret: "one",
        label: "the token in secrets/token",
      });
      expect(await refusalOf(file("/run/secrets-of-others/token"))).toContain("there is no such file");
    } finally {
      delete process.env["PLUGIN_SECRETS"];
    }
  });
});

test("Credentials reads a file anew for each request, without the newline at its end", async () => {
  await inFolder(async (folder) => {
    const credentials = new Credentials();
    for (const secret of ["one", "two"]) {
      await writeFile(`${folder}/token`, `${secret}\n`);
      expect(await credentials.get(file(`${folder}/token`))).toMatchObject({ secret, isKept: false });
    }
  });
});

describe("Credentials says which reference does not work, and not what it found", () => {
  test.each([
    { name: "an empty file", content: "\n", says: "it is empty" },
    { name: "two lines", content: "s3cret\r\nX-Header: 1", says: "not one line of printable characters" },
    { name: "a blank inside", content: "s3 cret", says: "not one line" },
    { name: "bytes that are no text", content: "\u0000\u0001", says: "not one line" },
    { name: "a large file", content: "s".repeat(17_000), says: "not one line" },
  ])("$name", async ({ content, says }) => {
    await inFolder(async (folder) => {
      await writeFile(`${folder}/token`, content);
      const refusal = await refusalOf(file(`${folder}/token`));
      expect(refusal).toContain("CredentialError: Cannot use the token in credential-");
      expect(refusal).toContain(says);
      expect(refusal).not.toContain("s3");
    });
  });

  test("no file, and a folder", async () => {
    expect(await refusalOf(file("/nonexistent/secrets/token"))).toBe(
      "CredentialError: Cannot read the token in secrets/token: there is no such file",
    );
    expect(await refusalOf(file("/tmp"))).toContain("it cannot be read");
  });

  test("no variable", async () => {
    const reference = { source: { kind: "env", name: "NO_SUCH_TOKEN" }, username: undefined } as const;
    expect(await refusalOf(reference)).toBe(
      "CredentialError: Cannot use the token in the variable NO_SUCH_TOKEN: it is not set",
    );
  });

  test.each([
    { line: "echo s3cret >&2; exit 3", says: "it ended with status 3" },
    { line: "kill -9 $$", says: "it was ended by SIGKILL" },
    { line: "true", says: "it is empty" },
    { line: `echo '{"s3cret'`, says: "begins like JSON and is none" },
    { line: `echo '{"password":"s3cret"}'`, says: "has no token" },
    { line: "head -c 100000 /dev/zero", says: "more than 64 KiB" },
  ])("the command `$line`", async ({ line, says }) => {
    const refusal = await refusalOf(command(line));
    expect(refusal).toContain(says);
    expect(refusal).not.toContain("s3cret");
  });

  test("a program that is not there", async () => {
    const source = { kind: "command", command: ["/nonexistent/mint"], cacheMs: 1 } as const;
    expect(await refusalOf({ source, username: undefined })).toContain(
      "the token that mint prints: it cannot be started",
    );
  });
});

describe("what a command prints is used again", () => {
  const counting = (folder: string, rest = ""): string =>
    `echo x >> ${folder}/runs; echo token-$(wc -l < ${folder}/runs)${rest}`;

  test("for its time, and then asked for anew", async () => {
    await inFolder(async (folder) => {
      const credentials = new Credentials();
      const reference = command(counting(folder), 300);
      expect(await credentials.get(reference)).toMatchObject({ secret: "token-1", username: "me", isKept: false });
      expect(await credentials.get(reference)).toMatchObject({ secret: "token-1", isKept: true });
      await Bun.sleep(320);
      expect(await credentials.get(reference)).toMatchObject({ secret: "token-2", isKept: false });
    });
  });

  test("until the expiry that it prints, less a minute", async () => {
    await inFolder(async (folder) => {
      const credentials = new Credentials();
      for (const [seconds, runs] of [
        [3600, "token-1"],
        [30, "token-2"],
      ] as const) {
        const at = new Date(Date.now() + seconds * 1000).toISOString();
        const script = `#!/bin/sh\necho x >> ${folder}/runs-${seconds}\nprintf '{"token":"token-%s","expires_at":"${at}"}' $(wc -l < ${folder}/runs-${seconds})\n`;
        await writeFile(`${folder}/mint-${seconds}`, script);
        await chmod(`${folder}/mint-${seconds}`, 0o755);
        const source = { kind: "command", command: [`${folder}/mint-${seconds}`], cacheMs: 1 } as const;
        await credentials.get({ source, username: undefined });
        expect((await credentials.get({ source, username: undefined })).secret).toBe(runs);
      }
    });
  });

  test("by all who ask while it runs", async () => {
    await inFolder(async (folder) => {
      const credentials = new Credentials();
      const reference = command(`sleep 0.2; ${counting(folder)}`);
      const all = await Promise.all([1, 2, 3].map(async () => credentials.get(reference)));
      expect(all.map(({ secret }) => secret)).toEqual(["token-1", "token-1", "token-1"]);
    });
  });

  test("no longer once it has been refused", async () => {
    await inFolder(async (folder) => {
      const credentials = new Credentials();
      const reference = command(counting(folder));
      await credentials.get(reference);
      credentials.forget(reference);
      expect((await credentials.get(reference)).secret).toBe("token-2");
    });
  });
});
