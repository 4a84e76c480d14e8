import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";

import { canBind } from "../../scripts/compose/sockets.ts";
import { homeAt } from "../../scripts/home/home.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

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
  });

  /** The engine is root's, whoever runs these tests. */
  async function chown(owner: string, folder: string): Promise<void> {
    const image = (await home.docker("inspect", "-f", "{{.Image}}", await home.container("git-plugin"))).trim();
    const run = ["run", "--rm", "--volume", `${folder}:/folder`, "--entrypoint", "chown", image, owner, "/folder"];
    await home.docker(...run);
  }
});
