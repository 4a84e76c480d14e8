import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { waitFor } from "../helpers/wait-for.ts";
import { expectAgentKeptOut, expectHardened, expectNoSecret, expectOnlyBroker, type Inside } from "./brokered.ts";
import { describeWithEngine } from "./engine.ts";
import { GitHost } from "./git-host.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

const CONFIG = `
plugin: git
credentials: { git.test: { file: /run/secrets/token } }
broker: { allowed_repos: [git.test/acme/*], hosts: { git.test: { ca_file: /run/secrets/ca.pem } } }
`;

describeWithEngine("git with a broker", () => {
  let home: Installation;
  let host: GitHost;
  let egress = "";
  const thing = "https://git.test/acme/thing.git";

  beforeAll(async () => {
    home = await Installation.make();
    // First without a broker: what is there then must not stay.
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
    const image = await home.docker("inspect", "-f", "{{.Image}}", await home.container("git-plugin"));
    host = await GitHost.run(home, image.trim());
    const authority = await Bun.file(host.server.authority.file).text();
    expect(await home.run(["secret", "set", "ca.pem"], { stdin: authority })).toMatchObject({ status: 0 });
    expect(await home.run(["secret", "set", "token"], { stdin: host.token })).toMatchObject({ status: 0 });
    await home.writeConfig("git", CONFIG);
    const started = await home.run(["start"]);
    expect({ ...started, stdout: "" }).toMatchObject({ status: 0 });
    egress = `${await home.composeProject()}_git-egress`;
    await host.server.join(egress);
    await home.makeRepository("first words");
    expect(await home.exec("git", "config", "alias.run", "!sh -c")).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const inside = (): Inside => ({ home, tool: "git", asTool: async (script) => await home.exec("git", "run", script) });

  test("clone, fetch and a push of a new branch go through", async () => {
    expect(await home.exec("git", "clone", "-q", thing, "thing")).toMatchObject({ status: 0 });
    expect((await home.exec("git", "-C", "thing", "remote", "-v")).stdout).toStartWith(`origin\t${thing} (fetch)\n`);
    await host.server.sh("git -C root/acme/thing.git branch later main");
    expect(await home.exec("git", "-C", "thing", "fetch", "-q")).toMatchObject({ status: 0 });
    expect((await home.exec("git", "-C", "thing", "branch", "-r")).stdout).toContain("origin/later");
    const push = ["push", "-q", "origin", "HEAD:refs/heads/agent/one"];
    expect(await home.exec("git", "-C", "thing", ...push)).toMatchObject({ status: 0 });
    expect(await host.at("agent/one")).toBe(await host.at("main"));
  });

  test("a push that the rules refuse is rejected in git's own words", async () => {
    const before = await host.at("main");
    const { stderr, status } = await home.exec("git", "-C", "thing", "push", "--force", "origin", "HEAD~1:main");
    expect({ stderr, status }).toEqual({
      stderr: expect.stringMatching(/! \[remote rejected\] HEAD~1 -> main \(plugin policy: /),
      status: 1,
    });
    expect(await host.at("main")).toBe(before);
  });

  test("a repository that is not listed cannot be read", async () => {
    const { stderr, status } = await home.exec("git", "ls-remote", "https://git.test/other/thing.git");
    expect({ stderr, status }).toEqual({ stderr: expect.stringContaining("allowed_repos"), status: 128 });
  });

  test("the tool reaches its broker, and nothing else by name or address", async () => {
    await expectOnlyBroker(inside(), ["git.test", await host.server.addressOn(egress)]);
  });

  test("no secret is where the tool runs", async () => {
    await expectNoSecret(inside(), "CANARY-token");
  });

  test("the agent can neither resolve nor reach the broker, and has no secret", async () => {
    await expectAgentKeptOut(inside(), ["git.test"]);
  });

  test("the broker runs as the owner, with no capability, on a read-only system without the project", async () => {
    await expectHardened(inside());
  });

  test("status tells of a token that was refused, and the next request with another is well", async () => {
    expect(await home.run(["secret", "set", "token"], { stdin: "wrong\n" })).toMatchObject({ status: 0 });
    const { stderr } = await home.exec("git", "-C", "thing", "fetch");
    expect(stderr).toContain("git.test answered 401: the token in secrets/token was refused");
    const told = await home.run(["status"]);
    expect(told.stdout).toMatch(
      /^git-broker +failing .*git\.test answered 401: the token in secrets\/token was refused; .*secret set token/m,
    );
    expect(told.status).toBe(1);
    await home.run(["secret", "set", "token"], { stdin: host.token });
    expect(await home.exec("git", "-C", "thing", "fetch")).toMatchObject({ status: 0 });
    expect(await home.run(["status"])).toMatchObject({ status: 0 });
  });

  test("status tells of a lost upstream", async () => {
    await host.server.stop();
    expect((await home.exec("git", "-C", "thing", "fetch")).stderr).toContain("Cannot reach git.test");
    expect((await home.run(["status"])).stdout).toMatch(/^git-broker +failing .*Cannot reach git\.test/m);
    await host.start();
    expect(await home.exec("git", "-C", "thing", "fetch")).toMatchObject({ status: 0 });
  });

  test("the audit of the broker has every request and no token", async () => {
    const { stdout, stderr, status } = await home.run(["logs", "git-broker"]);
    expect(status).toBe(0);
    expect(`${stdout}${stderr}`).toContain('"rule":"allowed_repos"');
    expect(`${stdout}${stderr}`).not.toContain("CANARY");
  });

  test("stop and start of git are of its broker too, and restart serves a clone", async () => {
    expect((await home.run(["stop", "git"])).stdout).toBe("Stopped git\nStopped git-broker\n");
    expect((await home.run(["status"])).stdout).toMatch(/^git-broker +stopped /m);
    expect(await home.run(["start", "git"])).toMatchObject({ status: 0 });
    expect(await home.run(["restart", "git"])).toMatchObject({ status: 0 });
    expect(await home.exec("git", "ls-remote", "-q", thing)).toMatchObject({ status: 0 });
  });

  test("docker compose by hand starts both, and the broker again when it was killed", async () => {
    expect(await home.compose("up", "-d")).toMatchObject({ status: 0 });
    const broker = await home.container("git-broker");
    await home.docker("exec", broker, "sh", "-c", "kill -KILL $(pidof plugin-server)");
    const restarts = async (): Promise<string> =>
      (await home.docker("inspect", "-f", "{{.RestartCount}}", broker)).trim();
    await waitFor("the broker has ended", async () => (await restarts()) === "1", 30_000);
    await waitFor("the broker is back", async () => (await home.run(["status"])).status === 0, 30_000);
    expect(await home.exec("git", "ls-remote", "-q", thing)).toMatchObject({ status: 0 });
  });

  test("without a part for it in the config there is no broker, and the plugin has its way out again", async () => {
    await home.writeConfig("git", "plugin: git\n");
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
    expect(await home.container("git-broker")).toBe("");
    expect((await home.run(["status"])).stdout).not.toContain("git-broker");
    const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
    const networks = await home.docker("inspect", "-f", format, await home.container("git-plugin"));
    expect(networks.trim()).toBe(`${await home.composeProject()}_git`);
  });
});
