import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rm } from "node:fs/promises";

import { waitFor } from "../helpers/wait-for.ts";
import {
  allReady,
  expectAgentKeptOut,
  expectHardened,
  expectNoSecret,
  expectOnlyBroker,
  statusShows,
  type Inside,
} from "./brokered.ts";
import { expectNoDefaultRoute, expectStartOnlyWithoutRoute } from "./default-route.ts";
import { describeWithEngine } from "./engine.ts";
import { GitHost } from "./git-host.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

/** `more` of the key broker. */
function config(more = ""): string {
  return `plugin: git
credentials: { git.test: { file: /run/secrets/token } }
broker: { allowed_repos: [git.test/acme/*], hosts: { git.test: { ca_file: /run/secrets/ca.pem } }${more} }
`;
}

describeWithEngine("git with a broker", () => {
  let home: Installation;
  let host: GitHost;
  let egress = "";
  // Also when not all of it could be made; the last one first.
  const made = new AsyncDisposableStack();
  const thing = "https://git.test/acme/thing.git";

  beforeAll(async () => {
    home = made.use(await Installation.make());
    // First without a broker: what is there then must not stay.
    await home.run(["start"]);
    await allReady(home);
    const image = await home.docker("inspect", "-f", "{{.Image}}", await home.container("git-plugin"));
    host = made.use(await GitHost.run(home, image.trim()));
    const authority = await Bun.file(host.server.authority.file).text();
    expect(await home.run(["secret", "set", "ca.pem"], { stdin: authority })).toMatchObject({ status: 0 });
    expect(await home.run(["secret", "set", "token"], { stdin: host.token })).toMatchObject({ status: 0 });
    await home.writeConfig("git", config());
    await home.run(["start"]);
    await allReady(home);
    egress = `${await home.composeProject()}_git-egress`;
    await host.server.join(egress);
    await home.makeRepository("first words");
    expect(await home.exec("git", "config", "alias.run", "!sh -c")).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await made.disposeAsync();
  });

  const inside = (): Inside => ({ home, tool: "git", asTool: async (script) => await home.exec("git", "run", script) });

  const inBroker = async (script: string): Promise<string> =>
    await home.docker("exec", await home.container("git-broker"), "sh", "-c", script);

  test("clone, fetch and a push of a new branch go through", async () => {
    expect(await home.exec("git", "clone", "-q", thing, "thing")).toMatchObject({ status: 0 });
    expect((await home.exec("git", "-C", "thing", "remote", "-v")).stdout).toStartWith(`origin\t${thing} (fetch)\n`);
    await host.server.sh("git -C root/acme/thing.git branch later main");
    expect(await home.exec("git", "-C", "thing", "fetch", "-q")).toMatchObject({ status: 0 });
    expect((await home.exec("git", "-C", "thing", "branch", "-r")).stdout).toContain("origin/later");
    const push = ["push", "origin", "HEAD:refs/heads/agent/one"];
    expect(await home.exec("git", "-C", "thing", ...push)).toMatchObject({
      status: 0,
      stderr: `To ${thing}\n * [new branch]      HEAD -> agent/one\n`,
    });
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

  test("with verify_fast_forward a forged one is refused, after a restart of the broker too", async () => {
    const push = async (source: string): Promise<string> =>
      (await home.exec("git", "-C", "thing", "push", "--force", "origin", `${source}:feature`)).stderr;
    const refused = "broker.verify_fast_forward wants";
    expect(await push("main")).toContain("[remote rejected]");
    await home.writeConfig("git", config(", verify_fast_forward: true"));
    expect(await push("main")).toContain("main -> feature");
    expect(await host.at("feature")).toBe(await host.at("main"));
    const copies = await inBroker("ls -di /mirrors/*/objects");
    expect(copies).toMatch(/^\d+ \/mirrors\/[0-9a-f]{64}\/objects\n$/);

    // A commit without parents, of which the agent's own git believes that it is one further.
    const tree = (await home.exec("git", "-C", "thing", "rev-parse", "main^{tree}")).stdout.trim();
    const commit = ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit-tree", "-m", "forged", tree];
    const forged = (await home.exec("git", "-C", "thing", ...commit)).stdout.trim();
    await home.write(`${home.project}/thing/.git/info/grafts`, `${forged} ${await host.at("main")}\n`);
    const believed = ["merge-base", "--is-ancestor", "origin/main", forged];
    expect(await home.exec("git", "-C", "thing", ...believed)).toMatchObject({ status: 0 });
    expect(await push(forged)).toContain(refused);

    await home.run(["restart", "git"]);
    await allReady(home);
    expect(await inBroker("ls -di /mirrors/*/objects")).toBe(copies);
    for (const source of [forged, "main~1"]) {
      expect(await push(source)).toContain(refused);
    }
    expect(await host.at("feature")).toBe(await host.at("main"));
    await rm(`${home.project}/thing/.git/info/grafts`);
    const next = ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "next"];
    await home.exec("git", "-C", "thing", ...next);
    expect(await push("main")).toContain("main -> feature");
    expect(await host.at("feature^")).toBe(await host.at("main"));
    // The copies are the broker's alone, and nothing is left of what was looked at.
    expect(await inBroker("ls -d /mirrors/*/quarantine-* /mirrors/git-push-* 2>/dev/null; true")).toBe("");
    expect((await inside().asTool("ls -A /mirrors")).stdout).toBe("");
    expect(await home.exec("ls", "/mirrors")).toMatchObject({ stdout: "", status: 2 });
    await home.writeConfig("git", config());
  });

  test("a repository that is not listed cannot be read", async () => {
    const { stderr, status } = await home.exec("git", "ls-remote", "https://git.test/other/thing.git");
    expect({ stderr, status }).toEqual({ stderr: expect.stringContaining("allowed_repos"), status: 128 });
    expect(stderr).toContain("fatal: unable to access 'https://git.test/other/thing.git/': ");
  });

  test("an SSH address is that of the same repository, and stays what it is in the list of remotes", async () => {
    const ssh = "git@git.test:acme/thing.git";
    expect(await home.exec("git", "clone", "-q", ssh, "by-ssh")).toMatchObject({ status: 0, stderr: "" });
    expect((await home.exec("git", "-C", "by-ssh", "remote", "-v")).stdout).toStartWith(`origin\t${ssh} (fetch)\n`);
    const pushed = await home.exec("git", "-C", "by-ssh", "push", "origin", "HEAD:agent/by-ssh");
    expect(pushed).toMatchObject({ status: 0, stderr: expect.stringContaining(`To ${thing}\n`) });
  });

  test("large files go and come by Git LFS, once the config has it", async () => {
    const large = `cd thing && git lfs track '*.bin' && head -c 3000000 /dev/urandom >a.bin && git add . && git -c user.name=A -c user.email=a@example.org commit -qm large`;
    expect(await home.exec("bash", "-c", large)).toMatchObject({ status: 0 });
    const push = ["-C", "thing", "push", "-q", "origin", "HEAD:agent/large"];
    expect((await home.exec("git", ...push)).stderr).toContain("plugin policy: Git LFS is off");
    await home.writeConfig("git", config(", lfs: true"));
    expect(await home.exec("git", ...push)).toMatchObject({ status: 0 });
    expect(await home.exec("git", "clone", "-q", "-b", "agent/large", thing, "copy")).toMatchObject({ status: 0 });
    const compare = "cmp thing/a.bin copy/a.bin && wc -c <copy/a.bin";
    expect(await home.exec("bash", "-c", compare)).toMatchObject({ stdout: "3000000\n" });
    await home.writeConfig("git", config());
  });

  test("the tool reaches its broker, and nothing else by name or address", async () => {
    await expectOnlyBroker(inside(), ["git.test", await host.server.addressOn(egress)]);
  });

  test("where the tool runs there is no default route and no power to set one, after a restart too", async () => {
    await expectNoDefaultRoute(inside());
  });

  test("a plugin with a broker that cannot be without a default route does not start, and says why", async () => {
    await expectStartOnlyWithoutRoute(inside());
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
    const row =
      /^git-broker +failing .*git\.test answered 401: the token in secrets\/token was refused; .*secret set token/m;
    await statusShows(home, ({ stdout, status }) => status === 1 && row.test(stdout));
    await home.run(["secret", "set", "token"], { stdin: host.token });
    expect(await home.exec("git", "-C", "thing", "fetch")).toMatchObject({ status: 0 });
    await allReady(home);
  });

  test("status tells of a lost upstream", async () => {
    await host.server.stop();
    expect((await home.exec("git", "-C", "thing", "fetch")).stderr).toContain("Cannot reach git.test");
    await statusShows(home, ({ stdout }) => /^git-broker +failing .*Cannot reach git\.test/m.test(stdout));
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
    await home.run(["start", "git"]);
    await allReady(home);
    await home.run(["restart", "git"]);
    await allReady(home);
    expect(await home.exec("git", "ls-remote", "-q", thing)).toMatchObject({ status: 0 });
  });

  test("docker compose by hand starts both, and the broker again when it was killed", async () => {
    expect(await home.compose("up", "-d")).toMatchObject({ status: 0 });
    const broker = await home.container("git-broker");
    await home.docker("exec", broker, "sh", "-c", "kill -KILL $(pidof plugin-server)");
    const restarts = async (): Promise<string> =>
      (await home.docker("inspect", "-f", "{{.RestartCount}}", broker)).trim();
    await waitFor("the broker has ended", async () => (await restarts()) === "1", 30_000);
    await allReady(home);
    expect(await home.exec("git", "ls-remote", "-q", thing)).toMatchObject({ status: 0 });
  });

  test("without a part for it in the config there is no broker, and the plugin has its way out again", async () => {
    await home.writeConfig("git", "plugin: git\n");
    await home.run(["start"]);
    await allReady(home);
    expect(await home.container("git-broker")).toBe("");
    expect((await home.run(["status"])).stdout).not.toContain("git-broker");
    const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
    const networks = await home.docker("inspect", "-f", format, await home.container("git-plugin"));
    expect(networks.trim()).toBe(`${await home.composeProject()}_git`);
  });
});
