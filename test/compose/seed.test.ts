import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";

import manifest from "../../package.json" with { type: "json" };
import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";
import { Registry } from "./registry.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

/** The commands of the text that this product started from, to the letter. */
const [quickStart = "", addingNpm = ""] = blocks(
  await readFile(resolve(import.meta.dir, "../fixtures/seed.md"), "utf8"),
);

describeWithEngine("the first text's commands, typed in a checkout with an empty HOME", () => {
  let home: Installation;
  let registry: Registry | undefined;

  beforeAll(async () => {
    home = await Installation.make({ isStandard: true });
    registry = await Registry.start();
  });

  afterAll(async () => {
    // A network goes only when nobody is on it.
    await registry?.[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const type = async (text: string): ReturnType<Installation["command"]> =>
    await home.command(["bash", "-e", "-c", text], { cwd: home.checkout });

  test("the quick start installs, starts, and shows git ready", async () => {
    const { stdout, stderr, status } = await type(quickStart);
    expect({ stderr: stderr.replaceAll(/^.*: Building .*\n/gm, ""), status }).toEqual({ stderr: "", status: 0 });
    expect(stdout).toMatch(/\(agent\) +ready.*\ngit +ready/);
  });

  test("npm is added in four steps while the agent runs, and installs lodash there", async () => {
    const agent = await home.container("claude");
    const started = await home.docker("inspect", "-f", "{{.State.StartedAt}}", agent);
    const lines = addingNpm.split("\n");
    const inAgent = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
    expect(await home.exec("npm", "--version")).toMatchObject({ status: 127 });
    // As on a new machine: Compose builds it then, and asks nobody for it.
    await home.docker("image", "rm", "--no-prune", `claude-container/plugin-npm:${VERSION}`);

    const { stderr, status } = await type(lines.filter((line) => !line.startsWith("$ ")).join("\n"));
    expect({ stderr, status }).toEqual({ stderr: expect.not.stringMatching(/pull|denied/i), status: 0 });
    await waitFor("npm's plugin is ready", async () => (await home.status())["npm"]?.state === "ready", 30_000);
    await registry?.join(`${await home.composeProject()}_npm`);

    const app = `${home.checkout}/app`;
    await mkdir(app);
    await home.write(`${app}/package.json`, '{ "name": "app", "private": true }\n');
    await home.write(`${app}/.npmrc`, `registry=${Registry.address}\n`);
    await home.giveToOwner(app);
    expect(inAgent).toHaveLength(1);
    for (const command of inAgent) {
      const done = await home.run(["exec", "--", "bash", "-c", command], { cwd: app });
      expect(done).toEqual({ stdout: expect.stringMatching(/^\nadded 1 package in /), stderr: "", status: 0 });
    }
    expect(await Bun.file(`${app}/package-lock.json`).text()).toContain(`"${Registry.address}lodash/-/lodash-`);
    for (const made of ["package-lock.json", "node_modules", "node_modules/lodash/lodash.js"]) {
      expect(await home.ownerOf(`${app}/${made}`)).toBe(home.owner);
    }
    expect(await home.container("claude")).toBe(agent);
    expect(await home.docker("inspect", "-f", "{{.State.StartedAt}}", agent)).toBe(started);
  });

  test("what npm has fetched once is there for its next container, which is on no network with the registry", async () => {
    const app = `${home.checkout}/app`;
    await rm(`${app}/node_modules`, { recursive: true });
    expect(await home.run(["restart", "npm"])).toMatchObject({ status: 0 });
    const offline = ["exec", "--", "npm", "ci", "--offline"];
    expect(await home.run(offline, { cwd: app })).toMatchObject({ stderr: "", status: 0 });
    expect(await Bun.file(`${app}/node_modules/lodash/package.json`).json()).toMatchObject({ name: "lodash" });
  });

  test("its two lines of rules hold", async () => {
    const { stderr, status } = await home.exec("npm", "publish");
    expect({ stderr, status }).toEqual({
      stderr: expect.stringContaining("npm publish is denied by rules.blocked_commands"),
      status: 126,
    });
  });
});

const VERSION = process.env["CLAUDE_CONTAINER_VERSION"] ?? manifest.version;

/** The shell commands of a text: what its fences hold. */
function blocks(text: string): string[] {
  return [...text.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, commands = ""]) => commands);
}
