import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Outcome } from "../scripts/home.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";
import { FIND_DAEMON, NO_CAPABILITY, NONE, readRights, rightsOfDaemon, THREE } from "./rights.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

describeWithEngine("two installations on one engine", () => {
  let home: Installation;
  let other: Installation;

  beforeAll(async () => {
    [home, other] = await Promise.all([Installation.make(), Installation.make()]);
    // One after the other: both build the same images.
    for (const each of [home, other]) {
      expect(await each.run(["start"])).toMatchObject({ status: 0 });
      await each.makeRepository(each === home ? "words of one" : "words of the other");
    }
    expect(await home.script("add-tool.sh", ["npm"])).toMatchObject({ status: 0 });
    // A tool by YAML alone, which runs whatever follows it.
    expect(await home.script("add-tool.sh", ["--image", "debian:bookworm-slim", "nice"])).toMatchObject({ status: 0 });
    // Whatever follows the alias is run by git as the tool's user, in the plugin's container.
    await home.allowAlias("run", "!sh -c");
  });

  afterAll(async () => {
    await Promise.all([home, other].map((each) => each[Symbol.asyncDispose]()));
  });

  const asTool = async (script: string): Promise<Outcome> => await home.exec("git", "run", script);
  const byTool = { git: asTool, nice: async (script: string) => await home.exec("nice", "sh", "-c", script) };
  const asAgent = async (script: string): Promise<Outcome> => await home.exec("bash", "-c", script);

  test("each agent sees its own project and its own plugins", async () => {
    expect((await home.exec("git", "log", "--format=%s")).stdout).toBe("words of one\n");
    expect((await other.exec("git", "log", "--format=%s")).stdout).toBe("words of the other\n");
    expect((await home.exec("plugin-client", "--list")).stdout).toBe("git   ready\nnice  ready\nnpm   ready\n");
    expect((await other.exec("plugin-client", "--list")).stdout).toBe("git  ready\n");
    for (const place of [other.project, other.folder, home.folder]) {
      expect(await home.exec("ls", place)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("No such file"),
      });
      expect(await asTool(`ls '${place}'`)).toMatchObject({ stderr: expect.stringContaining("No such file") });
    }
  });

  test("what git and npm make belongs to the owner of the project", async () => {
    await home.write(`${home.project}/package.json`, '{ "scripts": { "make": "echo made >made-by-npm" } }\n');
    expect(await home.exec("npm", "run", "make")).toMatchObject({ status: 0 });
    expect(await home.exec("git", "add", "package.json")).toMatchObject({ status: 0 });
    expect(await home.exec("git", "commit", "-q", "-m", "Make something")).toMatchObject({ status: 0 });
    for (const made of ["made-by-npm", ".git/COMMIT_EDITMSG", ".git/index", ".git/logs/HEAD"]) {
      expect(await home.ownerOf(`${home.project}/${made}`)).toBe(home.owner);
    }
  });

  test.each([
    { service: "claude", tool: undefined, programs: "git npm npx node bun" },
    { service: "git-plugin", tool: "git", programs: "npm npx node bun" },
    { service: "npm-plugin", tool: "npm", programs: "git bun" },
  ])("the container of $service is labelled, checked and limited, and has no more than it needs", async (row) => {
    const { service, tool, programs } = row;
    const container = await home.container(service);
    const [found] = JSON.parse(await home.docker("inspect", container));
    expect(found.Config).toMatchObject({
      Labels: {
        "org.opencontainers.image.title": `claude-container ${tool === undefined ? "agent" : `${tool} plugin`}`,
        "org.opencontainers.image.description": expect.stringMatching(/\w/),
        "org.opencontainers.image.version": expect.stringMatching(/\w/),
        "org.opencontainers.image.licenses": "MIT",
      },
      Healthcheck: { Test: expect.any(Array), Timeout: 5e9 },
    });
    expect(found.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      Init: true,
      Privileged: false,
      RestartPolicy: { Name: "unless-stopped" },
      Tmpfs: { "/tmp": expect.any(String), [tool === undefined ? "/home/claude" : "/home/tool"]: expect.any(String) },
    });
    expect(found.HostConfig.PidsLimit).toBeGreaterThan(0);
    expect(found.HostConfig.Memory).toBeGreaterThan(0);
    const search = 'PATH=/usr/local/bin:/usr/bin:/bin; for program; do command -v "$program"; done; true';
    expect(await home.docker("exec", container, "sh", "-c", search, "sh", ...programs.split(" "))).toBe("");
    // Not those inside of others.
    const packages = "find / -xdev -name node_modules -prune -print 2>/dev/null; true";
    expect(await home.docker("exec", container, "sh", "-c", packages)).toBe(
      tool === "npm" ? "/usr/local/lib/node_modules\n" : "",
    );
  });

  test("the agent has no capability and can get none", async () => {
    expect(readRights((await asAgent("cat /proc/self/status")).stdout)).toEqual({
      Uid: same(home.uid),
      Gid: same(home.gid),
      Groups: expect.stringMatching(/^\d*$/),
      ...NO_CAPABILITY,
      CapBnd: NONE,
      NoNewPrivs: "1",
    });
  });

  test.each(["/run/plugins", "/run/plugins/git", "/home/claude/bin", "/usr/local/bin", "/etc", "/"])(
    "the agent cannot write to %s",
    async (folder) => {
      const { stderr, status } = await asAgent(`touch ${folder}/x`);
      expect({ stderr, status }).toEqual({ stderr: expect.stringMatching(READ_ONLY), status: 1 });
    },
  );

  test("the agent has no route to a plugin, by name or by address; the plugin's own network has", async () => {
    const plugin = await home.container("git-plugin");
    const [address = "", network = ""] = (
      await home.docker(
        "inspect",
        "-f",
        "{{range $n, $e := .NetworkSettings.Networks}}{{$e.IPAddress}} {{$n}}{{end}}",
        plugin,
      )
    )
      .trim()
      .split(" ");
    // Something that would answer, in the plugin's place.
    const serve = 'Bun.serve({ port: 8080, fetch: () => new Response("reached") }); console.log("ready")';
    const bun = ["--rm", "--detach", "--init", "--network", `container:${plugin}`, `oven/bun:${Bun.version}`, "bun"];
    const server = (await home.docker("run", ...bun, "-e", serve)).trim();
    try {
      await waitFor("it listens", async () => (await home.docker("logs", server)) === "ready\n", 30_000);
      const connect = `timeout 3 bash -c '</dev/tcp/${address}/8080' && echo reached`;
      const near = ["run", "--rm", "--network", network, "--entrypoint", "bash", await imageOf(plugin), "-c", connect];
      expect(await home.docker(...near)).toBe("reached\n");
      const { stdout, status } = await asAgent(connect);
      expect({ stdout, isReached: status === 0 }).toEqual({ stdout: "", isReached: false });
    } finally {
      await home.docker("rm", "--force", server);
    }
    for (const name of ["git-plugin", "npm-plugin", `${await home.composeProject()}-git-plugin-1`]) {
      expect(await home.exec("getent", "hosts", name)).toMatchObject({ stdout: "", status: 2 });
    }
  });

  describe.each(["git", "nice"] as const)("the tool of the %s plugin", (name) => {
    test("is the owner of the project, in no other group, and has no capability", async () => {
      expect(readRights((await byTool[name]("cat /proc/self/status")).stdout)).toEqual({
        Uid: same(home.uid),
        Gid: same(home.gid),
        Groups: "",
        ...NO_CAPABILITY,
        // What root could have; with no new privileges nothing else ever gets any of it.
        CapBnd: THREE,
        NoNewPrivs: "1",
      });
    });

    test("has no descriptor but its three", async () => {
      expect((await byTool[name]("ls /proc/$$/fd")).stdout).toBe("0\n1\n2\n");
    });

    test("sees the socket of no other plugin", async () => {
      expect((await byTool[name]("ls /run/plugins")).stdout).toBe(`${name}\n`);
      expect((await byTool[name](`ls /run/plugins/${name}`)).stdout).toBe(`${name}.sock\n`);
    });

    test("cannot look into its daemon, signal it, or write to its log", async () => {
      const tries = "cat /proc/$d/environ || ls /proc/$d/fd || kill -0 $d || echo forged >/proc/$d/fd/2";
      const { stdout, stderr } = await byTool[name](`d=$(${FIND_DAEMON}); echo $d; (${tries}) && echo reached`);
      expect(stdout).toMatch(/^\d+\n$/);
      expect(stderr.match(/Permission denied|Operation not permitted/g)).toHaveLength(4);
    });
  });

  test.each(["/etc/plugins", "/run/plugins", "/usr/local/bin", "/etc", "/"])(
    "a tool cannot write to %s, and its daemon neither",
    async (folder) => {
      expect(await asTool(`touch ${folder}/x`)).toMatchObject({ stderr: expect.stringMatching(READ_ONLY) });
      const { stderr } = await home.command([
        "docker",
        "exec",
        await home.container("git-plugin"),
        "touch",
        `${folder}/x`,
      ]);
      // The root that it is may not even enter the owner's folders.
      expect(stderr).toMatch(/Read-only file system|\/etc\/plugins\/x': Permission denied/);
    },
  );

  test("a daemon has the capabilities SETUID, SETGID and KILL and no other", async () => {
    const rights = await rightsOfDaemon(home, "git-plugin");
    expect(rights).toMatchObject({ CapPrm: THREE, CapEff: expect.any(String), CapBnd: THREE, NoNewPrivs: "1" });
    expect(Number(`0x${rights["CapEff"]}`) & ~Number(`0x${THREE}`)).toBe(0);
  });

  test("one stops, and the other goes on", async () => {
    expect(await other.run(["stop"])).toMatchObject({ status: 0 });
    expect(await home.run(["status"])).toMatchObject({ status: 0 });
    expect(await home.exec("git", "status")).toMatchObject({ status: 0 });
  });

  async function imageOf(container: string): Promise<string> {
    return (await home.docker("inspect", "-f", "{{.Image}}", container)).trim();
  }
});

const READ_ONLY = /Read-only file system/;

/** Real, effective, saved and of the file system. */
function same(id: number): string {
  return Array.from({ length: 4 }, () => id).join("\t");
}
