import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, rename, rm } from "node:fs/promises";

import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

/** Health checks come this often here, so that nobody waits for them. */
const QUICK = "healthcheck: { interval: 1s, timeout: 3s, start_period: 1s, retries: 1 }";

describeWithEngine("status in compose mode", () => {
  let home: Installation;

  beforeAll(async () => {
    home = await Installation.make();
    await mkdir(home.path("compose.d"));
    await home.write(
      home.path("compose.d/quick.yaml"),
      `services: { claude: { ${QUICK} }, git-plugin: { ${QUICK} } }\n`,
    );
    await home.giveToOwner(home.folder);
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  /** Waits until status says this of a tool, and of `(agent)`. */
  async function says(tool: string, expected: object): Promise<void> {
    const agent = async (): Promise<object> => JSON.parse((await home.run(["status", "--json"])).stdout).agent;
    let row: object | undefined;
    const matches = async (): Promise<boolean> => {
      row = tool === "(agent)" ? await agent() : (await home.status())[tool];
      return Bun.deepMatch({ state: "state" in expected ? expected.state : "" }, row ?? {});
    };
    await waitFor(`status says so of ${tool}`, matches, 60_000);
    expect(row).toMatchObject(expected);
  }

  test("a plugin that is held while it starts is starting, and run.sh start waits for it", async () => {
    const image = `claude-container/test-held:${home.uid}-${process.pid}`;
    await home.docker("tag", await imageOf("git-plugin"), image);
    await home.writeConfig("held", "plugin: held\nexec: /bin/echo\n");
    await home.write(home.path("compose.d/held.yaml"), heldService(home, image));
    const starting = home.run(["start", "held"]);
    await says("held", {
      state: "starting",
      reason: "it does not answer yet",
      next: "scripts/run.sh logs held",
      since: null,
    });
    await home.docker("exec", await home.container("held-plugin"), "touch", "/tmp/go");
    expect(await starting).toMatchObject({ status: 0, stdout: expect.stringMatching(/^held +ready/mu) });
    expect((await home.exec("held", "at last")).stdout).toBe("at last\n");

    await home.docker("tag", await imageOf("claude"), image);
    await says("held", { state: "ready", reason: "of an older image", next: "scripts/run.sh restart held" });
    expect(await home.run(["stop", "held"])).toMatchObject({ status: 0 });
    await home.docker("rm", await home.container("held-plugin"));
    await home.docker("image", "rm", image);
    await rm(home.path("config/held.yaml"));
    await rm(home.path("compose.d/held.yaml"));
  });

  test("a plugin that hangs is unhealthy until it goes on, and the agent is well meanwhile", async () => {
    await signalDaemon("STOP");
    await says("git", {
      state: "unhealthy",
      reason: "it runs, but does not answer",
      next: "scripts/run.sh logs git, then restart git",
    });
    expect((await home.exec("plugin-client", "--list")).stdout).toBe("git  down: no answer within 2000 ms\n");
    await checksOf("claude", "healthy");
    await signalDaemon("CONT");
    await says("git", { state: "ready", reason: null, next: null });
    expect(await home.exec("git", "--version")).toMatchObject({ status: 0 });
  });

  test("a plugin that ends for lack of memory has failed, and says so", async () => {
    await home.writeConfig("starved", "plugin: starved\n");
    const service = `{ image: "${await imageOf("git-plugin")}", command: [tail, /dev/zero], mem_limit: 16m }`;
    await home.write(home.path("compose.d/starved.yaml"), `services: { starved-plugin: ${service} }\n`);
    expect(await home.run(["start", "starved"])).toMatchObject({ status: 1 });
    await says("starved", {
      state: "failed",
      reason: "ended for lack of memory (mem_limit): without a word",
      next: "mend that, then scripts/run.sh restart starved",
    });
    await home.docker("rm", await home.container("starved-plugin"));
    await rm(home.path("config/starved.yaml"));
    await rm(home.path("compose.d/starved.yaml"));
  });

  test("a container that was paused is shown with the command that lets it go on", async () => {
    const id = await home.container("git-plugin");
    await home.docker("pause", id);
    await says("git", { state: "stopped", reason: "paused", next: `docker unpause ${id.slice(0, 12)}` });
    expect(await home.run(["start", "git"])).toMatchObject({ status: 1, stderr: expect.stringContaining("unpause") });
    await home.docker("unpause", id);
    await says("git", { state: "ready" });
  });

  test("an agent without its client is unhealthy, and well again with it", async () => {
    await checksOf("claude", "healthy");
    await rename(home.path("cli/plugin-client"), home.path("bin/plugin-client"));
    await says("(agent)", {
      state: "unhealthy",
      reason: "its health check fails",
      next: "docker inspect shows what it says",
    });
    await rename(home.path("bin/plugin-client"), home.path("cli/plugin-client"));
    await says("(agent)", { state: "ready", reason: null });
  });

  test("what does not run is told apart: stopped, its socket left behind, its config broken, without a service", async () => {
    await home.docker("kill", await home.container("git-plugin"));
    await says("git", {
      state: "socket stale",
      reason: "it is stopped, but its socket is there, and calls wait for it in vain",
      next: "scripts/run.sh start git, or stop git, which removes it",
    });
    expect(await home.run(["stop", "git"])).toMatchObject({ status: 0 });
    await says("git", { state: "stopped", reason: "stopped", next: "scripts/run.sh start git" });
    await checksOf("claude", "healthy");

    const config = home.path("config/git.yaml");
    const good = await Bun.file(config).text();
    await home.write(config, "plugin: git\nnonsense: 1\n");
    await says("git", {
      state: "config invalid",
      reason: expect.stringContaining("git.yaml:2:1"),
      next: `mend ${config}, then scripts/run.sh start git`,
    });
    await home.write(config, good);

    await home.writeConfig("lonely", "plugin: lonely\n");
    await says("lonely", {
      state: "stopped",
      reason: `no service runs it: there is no ${home.path("compose.d/lonely.yaml")}`,
      next: "scripts/add-tool.sh lonely",
    });
    await rm(home.path("config/lonely.yaml"));
  });

  test("two configs that claim one tool are both named, and neither is started", async () => {
    await home.writeConfig("two", "plugin: git\n");
    const reason = expect.stringContaining('git.yaml and two.yaml both say "plugin: git"');
    await says("git", { state: "config invalid", reason });
    const { stderr, status } = await home.run(["start"]);
    expect({ stderr, status }).toEqual({ stderr: reason, status: 1 });
    await rm(home.path("config/two.yaml"));
  });

  test("nothing runs after stop: the agent and the plugin are not started, or have no image", async () => {
    expect(await home.run(["stop"])).toMatchObject({ status: 0 });
    await says("(agent)", { state: "stopped", reason: "not started", next: "scripts/run.sh start" });
    await says("git", { state: "stopped", reason: "not started", next: "scripts/run.sh start git" });
    const { stdout } = await home.run(["status", "--json"], { env: { CLAUDE_CONTAINER_VERSION: "none" } });
    expect(JSON.parse(stdout)).toMatchObject({
      agent: {
        state: "missing image",
        reason: "claude-container/agent:none is not built",
        next: "scripts/run.sh start",
      },
      plugins: [{ tool: "git", state: "missing image", next: "scripts/run.sh start git builds it" }],
    });
  });

  async function imageOf(service: string): Promise<string> {
    return (await home.docker("inspect", "-f", "{{.Image}}", await home.container(service))).trim();
  }

  /** Waits until the engine's own check says this of a container. */
  async function checksOf(service: string, health: string): Promise<void> {
    const asked = ["inspect", "-f", "{{.State.Health.Status}}", await home.container(service)];
    await waitFor(`${service} is ${health}`, async () => (await home.docker(...asked)).trim() === health, 60_000);
  }

  async function signalDaemon(signal: string): Promise<void> {
    const script = `for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != plugin-server ] || kill -${signal} "\${p#/proc/}"; done`;
    await home.docker("exec", await home.container("git-plugin"), "sh", "-c", script);
  }
});

/** A plugin whose daemon starts when somebody lets it. */
function heldService(home: Installation, image: string): string {
  return `services:
  held-plugin:
    extends: { file: "${home.checkout}/docker/service.yaml", service: plugin }
    image: ${image}
    build: !reset null
    environment: { PLUGIN_TOOL: held }
    command: [sh, -c, "until [ -e /tmp/go ]; do sleep 0.1; done; exec plugin-server serve /etc/plugins/held.yaml --socket /run/plugins/held/held.sock --as-owner"]
    network_mode: none
    volumes:
      - { type: bind, source: "\${CLAUDE_CONTAINER_HOME}/sockets/held", target: /run/plugins/held }
`;
}
