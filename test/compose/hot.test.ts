import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, rename, rm, symlink } from "node:fs/promises";

import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

const CLIENTS = 20;

describeWithEngine("while the agent is at work", () => {
  let home: Installation;
  let agent: string;

  beforeAll(async () => {
    home = await Installation.make();
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
    await home.makeRepository("first words");
    agent = await agentSession();
  });

  afterAll(async () => {
    expect(await agentSession()).toBe(agent);
    await home[Symbol.asyncDispose]();
  });

  /** The agent's container and when it was started: neither may change. */
  async function agentSession(): Promise<string> {
    return await home.docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", await home.container("claude"));
  }

  test("a tool is added by four files and docker compose alone", async () => {
    await mkdir(home.path("sockets/jq"));
    await symlink("plugin-client", home.path("cli/jq"));
    await home.writeConfig("jq", "plugin: jq\n");
    const file = home.path("compose.d/jq.yaml");
    await home.write(file, jqService(home));
    await Promise.all(["sockets", "cli"].map((name) => home.giveToOwner(home.path(name))));
    expect((await home.exec("plugin-client", "--list")).stdout).toBe("git  ready\n");

    const files = ["-f", `${home.checkout}/compose.yaml`, "-f", file];
    expect(await home.compose(...files, "up", "-d", "jq-plugin")).toMatchObject({ status: 0 });
    await waitFor(
      "the agent sees jq",
      async () => (await home.exec("plugin-client", "--list")).stdout.includes("jq   ready\n"),
      30_000,
    );
    expect(await home.exec("jq", "-n", "1+1")).toEqual({ stdout: "2\n", stderr: "", status: 0 });
    expect(await home.status()).toMatchObject({ git: { state: "ready" }, jq: { state: "ready" } });

    expect(await home.run(["stop", "jq"])).toMatchObject({ status: 0 });
    expect((await home.exec("plugin-client", "--list")).stdout).toBe("git  ready\n");
    await home.docker("rm", await home.container("jq-plugin"));
    await rm(file);
    await rm(home.path("config/jq.yaml"));
  });

  test.each([
    { how: "written in place", write: async (path: string, text: string) => await home.write(path, text) },
    {
      how: "renamed over",
      write: async (path: string, text: string) => {
        await home.write(`${path}~`, text);
        await rename(`${path}~`, path);
      },
    },
  ])("an edit of the rules, $how, holds from the next call on; a broken one changes nothing", async ({ write }) => {
    const path = home.path("config/git.yaml");
    const before = await Bun.file(path).text();
    await write(path, "plugin: git\nrules: { blocked_commands: [log] }\n");
    expect(await home.exec("git", "log")).toMatchObject({ status: 126 });
    await write(path, "plugin: git\nrules: { blocked_command: [] }\n");
    expect(await home.exec("git", "log")).toMatchObject({ status: 126 });
    expect(await home.exec("git", "status")).toMatchObject({ status: 0 });
    expect(await home.status()).toMatchObject({
      git: { state: "config invalid", reason: expect.stringContaining("git.yaml:2:10") },
    });
    await write(path, before);
    expect(await home.exec("git", "log", "--format=%s")).toEqual({ stdout: "first words\n", stderr: "", status: 0 });
    expect(await home.status()).toMatchObject({ git: { state: "ready", reason: null } });
  });

  test("frames carry the streams when the config asks for them, and descriptors else", async () => {
    const path = home.path("config/git.yaml");
    const before = await Bun.file(path).text();
    expect(await home.status()).toMatchObject({ git: { carrier: "descriptors" } });
    await home.write(path, `${before}\nstdio: relay\n`);
    expect((await home.exec("git", "log", "--format=%s")).stdout).toBe("first words\n");
    expect(await home.status()).toMatchObject({ git: { carrier: "frames" } });
    await home.write(path, before);
    expect((await home.exec("git", "log", "--format=%s")).stdout).toBe("first words\n");
    expect(await home.status()).toMatchObject({ git: { carrier: "descriptors" } });
  });

  test(`${CLIENTS} clients call for 30 s across three new containers of the plugin and a restart: none fails`, async () => {
    const running = home.exec("bash", "-c", LOAD, "bash", String(CLIENTS));
    const seen = new Set<string>();
    const renew = [
      ...Array.from({ length: 3 }, () => async () => await home.compose("up", "-d", "--force-recreate", "git-plugin")),
      async () => await home.run(["restart", "git"]),
    ];
    for (const again of renew) {
      await callsGoOn();
      seen.add(await home.container("git-plugin"));
      expect(await again()).toMatchObject({ status: 0 });
    }
    await callsGoOn();
    seen.add(await home.container("git-plugin"));
    expect(seen.size).toBe(renew.length + 1);
    await home.write(`${home.project}/enough`, "");
    const { stdout, stderr, status } = await running;
    // On a machine that is very busy a new container takes longer than the 3 s after which a call says that it waits.
    const said = stderr.replaceAll("plugin-client: Waiting for the git plugin to come back, for up to 30 s\n", "");
    expect({ said, status }).toEqual({ said: "", status: 0 });
    const counts = stdout.trim().split("\n").map(Number);
    expect(counts).toHaveLength(CLIENTS);
    expect(Math.min(...counts)).toBeGreaterThan(renew.length);
  });

  /** Waits until more calls have been answered than now. */
  async function callsGoOn(): Promise<void> {
    const marks = `${home.project}/marks`;
    const size = (): number => Bun.file(marks).size;
    const before = size();
    await waitFor("more calls are answered", () => size() > before + CLIENTS, 60_000);
  }
});

/** Each client calls again and again, marks each answer in a file, and in the end prints how many; or stops at the first failure. */
const LOAD = `
client() {
  local calls=0
  until ((SECONDS >= 30)) && [[ -e enough ]]; do
    [[ $(git rev-parse --is-inside-work-tree) == true ]] || exit 1
    calls=$((calls + 1))
    printf . >>marks
  done
  echo "$calls"
}
for ((n = 0; n < $1; n++)); do client & done
wait
`;

/** What a user writes by hand. */
function jqService(home: Installation): string {
  return `services:
  jq-plugin:
    extends: { file: "${home.checkout}/docker/service.yaml", service: plugin }
    image: claude-container/plugin-tool-jq:\${CLAUDE_CONTAINER_VERSION:-0.1.0}
    build: { target: plugin-tool }
    networks: [jq]
    volumes:
      - { type: bind, source: "\${CLAUDE_CONTAINER_HOME}/sockets/jq", target: /run/plugins/jq }
networks:
  jq:
`;
}
