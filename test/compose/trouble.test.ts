import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";

import { canBind } from "../../scripts/compose/sockets.ts";
import { homeAt } from "../../scripts/home/home.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

const isRoot = process.getuid?.() === 0;

describeWithEngine("what goes wrong in compose mode", () => {
  let home: Installation;

  beforeAll(async () => {
    home = await Installation.make();
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  test("an image that is not built is named, with the command that builds it", async () => {
    await home.writeConfig("npm", "plugin: npm\n");
    expect(await home.status({ env: { CLAUDE_CONTAINER_VERSION: "none" } })).toMatchObject({
      npm: {
        state: "missing image",
        reason: "claude-container/plugin-npm:none is not here",
        next: "scripts/run.sh start npm builds it",
      },
    });
    await rm(home.path("config/npm.yaml"));
  });

  test("two services that run one tool are both named, and what runs goes on", async () => {
    const file = home.path("compose.d/second.yaml");
    await home.write(file, `services: { second: { image: any, environment: { PLUGIN_TOOL: git } } }\n`);
    const sentence = "run.sh: Cannot tell who runs git: the services git-plugin and second both do; remove one\n";
    expect(await home.run(["start"])).toEqual({ stdout: "", stderr: sentence, status: 1 });
    expect(await home.run(["status"])).toEqual({ stdout: "", stderr: sentence, status: 1 });
    expect(await home.exec("git", "--version")).toMatchObject({ status: 0 });
    await rm(file);
    expect(await home.run(["status"])).toMatchObject({ status: 0 });
  });

  test("a folder that an earlier sudo left to root is named, with the command that takes it over", async () => {
    const logs = home.path("logs");
    await chown("0:0", logs);
    const { stderr, status } = await home.run(["start"]);
    expect({ stderr, status }).toEqual({
      stderr: expect.stringContaining(
        `${logs} belongs to uid 0, from an earlier sudo perhaps: sudo chown -R ${home.owner} `,
      ),
      status: 1,
    });
    await chown(home.owner, logs);
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
  });

  test.skipIf(!isRoot)(
    "a user who may not use the engine is told of the group, by install.sh and by run.sh",
    async () => {
      const nobody = ["setpriv", "--reuid", String(home.uid), "--regid", String(home.gid), "--clear-groups", "--"];
      const sentence =
        /The container engine is not permitted to .+: \S+ is closed; join its group \(sudo usermod -aG docker .+\) and log in again, or use a rootless engine/;
      const check = await home.asTester([...nobody, `${home.checkout}/scripts/install.sh`, "--check"]);
      expect(check).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(new RegExp(`^✗ engine: ${sentence.source}$`, "m")),
      });
      for (const command of [
        ["install.sh", "--compose"],
        ["run.sh", "start"],
      ]) {
        const [script = "", ...args] = command;
        const { stderr, status } = await home.asTester([...nobody, `${home.checkout}/scripts/${script}`, ...args]);
        expect({ stderr, status }).toEqual({ stderr: expect.stringMatching(sentence), status: 1 });
      }
    },
  );

  test.skipIf(!isRoot)("a disk with little room for images is named, with how to see what takes it", async () => {
    // In a mount namespace that ends with the command: the engine keeps its room, and only df sees less.
    const folder = (await home.docker("info", "--format", "{{.DockerRootDir}}")).trim();
    const onSmallDisk = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64m none "$0" && exec "$@"', folder];
    const said = `Only 64 MiB are free in ${folder}: the images need about 3 GiB; make room (docker system df shows what is in use)`;
    const check = await home.asTester([
      ...onSmallDisk,
      ...home.asOwner,
      `${home.checkout}/scripts/install.sh`,
      "--check",
    ]);
    expect(check).toMatchObject({ status: 1, stdout: expect.stringContaining(`✗ disk: ${said}\n`) });
    // Enough may be there in time, and less may do.
    const install = await home.asTester([
      ...onSmallDisk,
      ...home.asOwner,
      `${home.checkout}/scripts/install.sh`,
      "--compose",
    ]);
    expect(install).toEqual({ stdout: "", stderr: `install.sh: ${said}\n`, status: 0 });
  });

  test("a project folder that is missing is named, before a start and when it has gone since", async () => {
    const nowhere = `${home.top}/nowhere`;
    expect(await home.run(["start", "--project", nowhere])).toEqual({
      stdout: "",
      stderr: `run.sh: Cannot find the project folder "${nowhere}": make it, or name another with --project\n`,
      status: 2,
    });
    await rename(home.project, nowhere);
    const { stderr, status } = await home.run(["restart", "git"], { cwd: "/" });
    expect({ stderr, status }).toEqual({
      stderr: expect.stringMatching(/^run\.sh: Cannot find the project folder "[^"]+\/pro ject": [^\n]+\n$/m),
      status: 1,
    });
    await rename(nowhere, home.project);
    expect(await home.run(["restart", "git"])).toMatchObject({ status: 0 });
  });

  test("in a home too deep for a socket's path everything works, for inside the path is short", async () => {
    await using deep = await Installation.make({ folder: `${"deep/".repeat(20)}ho me` });
    expect(Buffer.byteLength(deep.path("sockets/git/git.sock"))).toBeGreaterThan(107);
    expect(await deep.run(["start"])).toMatchObject({ status: 0 });
    await deep.makeRepository("from the deep");
    expect((await deep.exec("git", "log", "--format=%s")).stdout).toBe("from the deep\n");
    expect(await deep.script("add-tool.sh", ["jq"])).toMatchObject({ status: 0 });
    expect((await deep.exec("jq", "-n", "1+1")).stdout).toBe("2\n");
    expect(await deep.status()).toMatchObject({
      git: { state: "ready", carrier: "descriptors" },
      jq: { state: "ready", carrier: "descriptors" },
    });
    expect((await deep.exec("plugin-client", "--list")).stdout).toBe("git  ready\njq   ready\n");
    expect(await deep.run(["restart", "git"])).toMatchObject({ status: 0 });
    expect(await deep.exec("git", "status")).toMatchObject({ status: 0 });
    expect(await deep.run(["approvals", "--json"])).toMatchObject({ stdout: "[]\n", status: 0 });
  });

  test("a shared folder is tried with a plugin that listens in it", async () => {
    const image = (await home.docker("inspect", "-f", "{{.Config.Image}}", await home.container("git-plugin"))).trim();
    expect(await canBind(homeAt(home.folder), image)).toBe(true);
    expect(await canBind(homeAt(home.folder), "claude-container/no-such-plugin:none")).toBe(false);
  });

  test("where folders carry no sockets, a volume does", async () => {
    await home.run(["stop"]);
    expect(await home.run(["start"], { env: { CLAUDE_SOCKETS: "volume" } })).toMatchObject({ status: 0 });
    await home.makeRepository("by way of a volume");
    expect((await home.exec("git", "log", "--format=%s")).stdout).toBe("by way of a volume\n");
    expect(await home.status()).toMatchObject({ git: { state: "ready", carrier: "descriptors" } });
    expect(existsSync(home.path("sockets/git/git.sock"))).toBe(false);
    expect(await home.script("add-tool.sh", ["jq"])).toMatchObject({ status: 0 });
    expect((await home.exec("jq", "-n", "1+1")).stdout).toBe("2\n");
    expect(await home.script("add-tool.sh", ["--remove", "jq"])).toMatchObject({ status: 0 });
    expect(await home.exec("jq", "-n", "1")).toMatchObject({ status: 127 });
  });

  /** The engine is root's, whoever runs these tests. */
  async function chown(owner: string, folder: string): Promise<void> {
    const image = (await home.docker("inspect", "-f", "{{.Image}}", await home.container("git-plugin"))).trim();
    const run = ["run", "--rm", "--volume", `${folder}:/folder`, "--entrypoint", "chown", image, owner, "/folder"];
    await home.docker(...run);
  }
});
