import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

const PORT = "4010";
const API = `http://127.0.0.1:${PORT}`;
const LOGIN = { ANTHROPIC_BASE_URL: API, ANTHROPIC_API_KEY: "a key of no worth" };

describeWithEngine("Claude Code in the agent's container", () => {
  let home: Installation;
  let api: string;

  beforeAll(async () => {
    home = await Installation.make();
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
    expect(await home.script("add-tool.sh", ["npm"])).toMatchObject({ status: 0 });
    await home.makeRepository("first words");
    await home.write(`${home.project}/package.json`, '{ "name": "app", "scripts": { "test": "node -p 6*7" } }\n');
  });

  afterAll(async () => {
    await home.docker("rm", "--force", api);
    await home[Symbol.asyncDispose]();
  });

  /** Has the model's API ask for these commands, one after the other. */
  async function script(...commands: readonly string[]): Promise<void> {
    const file = `${home.top}/model-api.ts`;
    await writeFile(file, await Bun.file(resolve(import.meta.dir, "model-api.ts")).bytes());
    const network = `container:${await home.container("claude")}`;
    const mount = ["--volume", `${file}:/model-api.ts:ro`];
    const command = ["bun", "/model-api.ts", PORT, ...commands];
    api = (
      await home.docker("run", "--detach", "--rm", "--init", "--network", network, ...mount, IMAGE, ...command)
    ).trim();
    await waitFor("the model's API is ready", async () => (await home.docker("logs", api)) === "ready\n", 30_000);
  }

  test("runs git and npm by their plugins: the results that it sends back are the tools' own", async () => {
    await script("git log --format=%s", "git commit --allow-empty -m 'second words'", "npm test", "git push");
    const args = ["claude", "-p", "do it", "--permission-mode", "bypassPermissions"];
    expect(await home.run(args, { env: LOGIN })).toEqual({ stdout: "All done.\n", stderr: "", status: 0 });
    const results = await home.docker("exec", api, "bun", "-p", `await (await fetch("${API}/results")).text()`);
    expect(JSON.parse(results)).toEqual([
      "first words",
      expect.stringMatching(/^\[\w+ [0-9a-f]{7}\] second words$/),
      expect.stringMatching(/^> test\n> node -p 6\*7\n\n42$/m),
      expect.stringContaining("git push is denied by rules.blocked_commands"),
    ]);
    expect((await home.exec("git", "log", "--format=%s")).stdout).toBe("second words\nfirst words\n");
  });

  test("gets its user's login by name, and nothing about the session that it was called from", async () => {
    const env = {
      ...LOGIN,
      AGENT_COMMAND: "printenv",
      CLAUDE_CODE_USE_VERTEX: "1",
      CLAUDE_CODE_SSE_PORT: "1",
      OTHER: "1",
    };
    const { stdout } = await home.run(["claude"], { env });
    const names = /^(ANTHROPIC_|CLAUDE_CODE_|OTHER)/;
    expect(
      stdout
        .split("\n")
        .filter((line) => names.test(line))
        .toSorted(),
    ).toEqual([
      `ANTHROPIC_API_KEY=${LOGIN.ANTHROPIC_API_KEY}`,
      `ANTHROPIC_BASE_URL=${API}`,
      "CLAUDE_CODE_USE_VERTEX=1",
    ]);
    expect((await home.run(["exec", "printenv"], { env })).stdout).not.toContain("ANTHROPIC");
  });
});

/** The stand-in runs in what this project's own images are built with. */
const IMAGE = `oven/bun:${Bun.version}`;
