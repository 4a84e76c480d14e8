import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";

import { makeRepository, TemporaryHome } from "../scripts/home.ts";
import { describeWithEngine } from "./engine.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

describeWithEngine("run.sh in compose mode", () => {
  let home: TemporaryHome;

  beforeAll(async () => {
    home = await TemporaryHome.create({ engine: true });
    await makeRepository(home.project, "first words");
    const started = await home.run(["start"]);
    expect({ ...started, stdout: "" }).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  /** When the agent's container was started, which no plugin may change. */
  async function agentStart(): Promise<string> {
    return JSON.parse((await home.run(["status", "--json"])).stdout).agent.since;
  }

  test("start chooses containers, and status says so", async () => {
    const { stdout, status } = await home.run(["status", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      mode: "compose",
      project: home.project,
      agent: { state: "ready", reason: null },
      plugins: [{ tool: "git", state: "ready", reason: null, next: null }],
    });
    expect(status).toBe(0);
  });

  test("exec runs in the agent's container, whose git is the plugin's, over descriptors", async () => {
    const log = await home.run(["exec", "--", "git", "log", "-1", "--format=%s"]);
    expect(log).toEqual({ stdout: "first words\n", stderr: "", status: 0 });
    expect((await home.run(["exec", "sh", "-c", "command -v git"])).stdout).toBe("/home/claude/bin/git\n");
    expect(await home.status()).toMatchObject({ git: { carrier: "descriptors" } });
  });

  test.each([0, 1, 42, 127, 255])("exec exits with the %i of its command", async (status) => {
    expect(await home.run(["exec", "sh", "-c", `exit ${status}`])).toEqual({ stdout: "", stderr: "", status });
  });

  test("exec hands over arguments and input exactly", async () => {
    const args = ["a  b", "", "--local", "-h", "new\nline", "*", "'\""];
    expect((await home.run(["exec", "--", "printf", "[%s]", ...args])).stdout).toBe(args.map((a) => `[${a}]`).join(""));
    expect((await home.run(["exec", "cat"], { stdin: "one\ntwo" })).stdout).toBe("one\ntwo");
  });

  test("exec works in the caller's folder when that is in the project, and else in the project", async () => {
    await home.run(["exec", "mkdir", "-p", "inner"]);
    expect((await home.run(["exec", "pwd"], { cwd: `${home.project}/inner` })).stdout).toBe(`${home.project}/inner\n`);
    expect((await home.run(["exec", "pwd"], { cwd: "/" })).stdout).toBe(`${home.project}\n`);
  });

  test("exec of a command that is not there ends with 127 and one line", async () => {
    const { stderr, status } = await home.run(["exec", "no-such-command"]);
    expect({ stderr, status }).toEqual({
      stderr: expect.stringMatching(/^run\.sh: Cannot run [^\n]+\n$/),
      status: 127,
    });
  });

  test("shell runs a shell in the agent's container, in the project", async () => {
    const { stdout, status } = await home.run(["shell"], { stdin: "command -v git; pwd; exit 3\n" });
    expect({ stdout, status }).toEqual({ stdout: `/home/claude/bin/git\n${home.project}\n`, status: 3 });
  });

  test("claude starts what AGENT_COMMAND says, in the agent's container", async () => {
    const { stdout } = await home.run(["claude", "--", "--json", "x y"], { env: { AGENT_COMMAND: "printf [%s]" } });
    expect(stdout).toBe("[--json][x y]");
  });

  test("local mode, another project, and a project around the home are refused while it runs", async () => {
    expect(await home.run(["start", "--local"])).toMatchObject({ status: 1, stderr: expect.stringContaining("stop") });
    const other = await home.run(["start", "--project", home.top]);
    expect(other).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/stop that first .* CLAUDE_CONTAINER_HOME/),
    });
    expect(await home.run(["exec", "--project", home.top, "true"])).toMatchObject({ status: 125 });
  });

  test("a config that is broken while the plugin runs is shown, and no call fails of it", async () => {
    const config = home.path("config/git.yaml");
    const good = await Bun.file(config).text();
    await writeFile(config, "plugin: git\nnonsense: 1\n");
    expect(await home.run(["exec", "git", "log", "-1", "--format=%s"])).toMatchObject({ status: 0 });
    expect((await home.status())["git"]).toMatchObject({
      state: "config invalid",
      reason: expect.stringContaining("git.yaml:2:1"),
    });
    const refused = await home.run(["restart", "git"]);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("Not restarted") });
    await writeFile(config, good);
    await home.run(["exec", "git", "--version"]);
    expect(await home.status()).toMatchObject({ git: { state: "ready" } });
  });

  test("restart makes the plugins anew and leaves the agent's container", async () => {
    const [agent, before] = [await agentStart(), await home.status()];
    expect((await home.run(["restart"])).status).toBe(0);
    const after = await home.status();
    expect(after["git"]).toMatchObject({ state: "ready" });
    expect(after["git"]?.pid).not.toBe(before["git"]?.pid);
    expect(await agentStart()).toBe(agent);
  });

  test("add-tool.sh adds jq while the agent runs, and --remove takes it away", async () => {
    const agent = await agentStart();
    const added = await home.script("add-tool.sh", ["jq"]);
    expect(added).toMatchObject({ status: 0, stdout: expect.stringContaining("The agent has jq now") });
    expect((await home.run(["exec", "jq", "-n", "1+1"])).stdout).toBe("2\n");
    const again = await home.script("add-tool.sh", ["jq"]);
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining("already") });
    expect(await home.script("add-tool.sh", ["--remove", "jq"])).toMatchObject({ status: 0 });
    for (const made of ["cli/jq", "config/jq.yaml", "compose.d/jq.yaml", "sockets/jq", "run/added/jq"]) {
      expect(existsSync(home.path(made))).toBe(false);
    }
    expect((await home.run(["exec", "jq", "-n", "1"])).status).toBe(127);
    expect(await agentStart()).toBe(agent);
  });

  test("add-tool.sh --image adds a program out of an image, and --remove takes it, its image and network away", async () => {
    const agent = await agentStart();
    expect((await home.run(["exec", "node", "--version"])).status).toBe(127);
    const added = await home.script("add-tool.sh", ["node", "--image", "node:22-bookworm-slim"]);
    expect(added).toMatchObject({ status: 0, stdout: expect.stringContaining("The agent has node now") });
    expect((await home.run(["exec", "node", "-p", "1+1"])).stdout).toBe("2\n");
    expect(await home.status()).toMatchObject({ node: { state: "ready", carrier: "descriptors" } });
    const plugin = await home.container("node-plugin");
    const image = (await home.docker("inspect", "-f", "{{.Config.Image}}", plugin)).trim();
    expect(await home.docker("image", "ls", "-q", image)).not.toBe("");
    // The image has its own idea of who runs in it.
    expect((await home.run(["exec", "node", "-p", "process.getuid()"])).stdout).toBe(`${process.getuid?.()}\n`);

    expect(await home.script("add-tool.sh", ["--remove", "node"])).toMatchObject({ status: 0 });
    for (const made of ["cli/node", "config/node.yaml", "compose.d/node.yaml", "sockets/node", "run/added/node"]) {
      expect(existsSync(home.path(made))).toBe(false);
    }
    const project = await home.composeProject();
    expect(await home.container("node-plugin")).toBe("");
    expect(await home.docker("network", "ls", "-q", "--filter", `name=${project}_node`)).toBe("");
    expect(await home.docker("image", "ls", "-q", image)).toBe("");
    expect((await home.run(["exec", "node", "--version"])).status).toBe(127);
    expect(await agentStart()).toBe(agent);
  });

  test("a plugin that exits at start shows its own last words, one without an image says so", async () => {
    const image = (await home.docker("inspect", "-f", "{{.Config.Image}}", await home.container("git-plugin"))).trim();
    await home.writeConfig("falls", "plugin: falls\n");
    await home.writeConfig("lacks", "plugin: lacks\n");
    await Bun.write(
      home.path("compose.d/mine.yaml"),
      `services:
  falls-plugin: { image: "${image}", command: [sh, -c, "echo cannot find my thing; exit 3"], restart: unless-stopped }
  lacks-plugin: { image: "claude-container/lacks:none", pull_policy: never }
`,
    );
    expect((await home.run(["start", "falls"])).status).toBe(1);
    expect(await home.status()).toMatchObject({
      falls: { state: "failed", reason: expect.stringContaining("cannot find my thing") },
      lacks: { state: "missing image" },
      git: { state: "ready" },
    });
    await Promise.all(["falls", "lacks"].map(async (tool) => await rm(home.path(`config/${tool}.yaml`))));
    await home.docker("rm", "-f", await home.container("falls-plugin"));
    await rm(home.path("compose.d/mine.yaml"));
    expect((await home.run(["status"])).status).toBe(0);
  });

  test("a socket whose plugin was stopped behind our back is stale; stop TOOL removes it, start TOOL brings it back", async () => {
    await home.docker("stop", await home.container("git-plugin"));
    expect(await home.status()).toMatchObject({ git: { state: "socket stale" } });
    expect((await home.run(["stop", "git"])).status).toBe(0);
    expect(await home.status()).toMatchObject({ git: { state: "stopped" } });
    const { stderr, status } = await home.run(["exec", "git", "status"]);
    expect({ stderr, status }).toEqual({ stderr: "error: git plugin not available\n", status: 127 });
    expect((await home.run(["start", "git"], { cwd: "/" })).status).toBe(0);
  });

  test("logs prints what the plugin wrote", async () => {
    const { stdout, stderr } = await home.run(["logs", "git"]);
    expect(`${stdout}${stderr}`).toContain("git is ready at");
    expect(await home.run(["logs", "nothing"])).toMatchObject({ status: 1 });
  });

  test("stop leaves no container, no network and no socket, and can be repeated", async () => {
    expect((await home.run(["stop"])).stdout).toBe("Stopped git\nStopped the agent\n");
    const left = await home.docker(
      "ps",
      "-aq",
      "--filter",
      `label=com.docker.compose.project=${await home.composeProject()}`,
    );
    expect(left).toBe("");
    expect(existsSync(home.path("sockets/git/git.sock"))).toBe(false);
    expect((await home.run(["stop"])).stdout).toBe("Nothing runs\n");
    expect((await home.run(["exec", "true"])).status).toBe(125);
  });
});
