import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import type { Outcome } from "../scripts/home.ts";
import { waitFor } from "../helpers/wait-for.ts";
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
    const authority = await Bun.file(host.authority.file).text();
    expect(await home.run(["secret", "set", "ca.pem"], { stdin: authority })).toMatchObject({ status: 0 });
    expect(await home.run(["secret", "set", "token"], { stdin: host.token })).toMatchObject({ status: 0 });
    await home.writeConfig("git", CONFIG);
    const started = await home.run(["start"]);
    expect({ ...started, stdout: "" }).toMatchObject({ status: 0 });
    egress = `${await home.composeProject()}_git-egress`;
    await host.join(egress);
    await home.makeRepository("first words");
    expect(await home.exec("git", "config", "alias.run", "!sh -c")).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const gatewayOfTool = async (): Promise<string> => {
    const network = `${await home.composeProject()}_git-internal`;
    return (await home.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", network)).trim();
  };
  const asTool = async (script: string): Promise<Outcome> => await home.exec("git", "run", script);
  const asAgent = async (script: string): Promise<Outcome> => await home.exec("bash", "-c", script);

  test("clone, fetch and a push of a new branch go through", async () => {
    expect(await home.exec("git", "clone", "-q", thing, "thing")).toMatchObject({ status: 0 });
    expect((await home.exec("git", "-C", "thing", "remote", "-v")).stdout).toStartWith(`origin\t${thing} (fetch)\n`);
    await host.sh("git -C root/acme/thing.git branch later main");
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

  test("large files go and come by Git LFS, once the config has it", async () => {
    const large = `cd thing && git lfs track '*.bin' && head -c 3000000 /dev/urandom >a.bin && git add . && git -c user.name=A -c user.email=a@example.org commit -qm large`;
    expect(await asAgent(large)).toMatchObject({ status: 0 });
    const push = ["-C", "thing", "push", "-q", "origin", "HEAD:agent/large"];
    expect((await home.exec("git", ...push)).stderr).toContain("plugin policy: Git LFS is off");
    await home.writeConfig("git", CONFIG.replace("broker: {", "broker: { lfs: true,"));
    expect(await home.exec("git", ...push)).toMatchObject({ status: 0 });
    expect(await home.exec("git", "clone", "-q", "-b", "agent/large", thing, "copy")).toMatchObject({ status: 0 });
    expect(await asAgent("cmp thing/a.bin copy/a.bin && wc -c <copy/a.bin")).toMatchObject({ stdout: "3000000\n" });
    await home.writeConfig("git", CONFIG);
  });

  test("the tool reaches its broker, and nothing else by name or address", async () => {
    expect((await asTool(ask("git-broker", 8080))).stdout).toContain('"tool":"git"');
    const server = await host.addressOn(egress);
    const gateway = await gatewayOfTool();
    // An engine may set a default route here too; nobody is at its other end.
    for (const address of [server, gateway, "203.0.113.7"]) {
      expect((await asTool(connect(address, 443))).stdout).toBe("");
    }
    for (const name of ["git.test", "example.com"]) {
      expect((await asTool(`getent hosts ${name}`)).stdout).toBe("");
    }
  });

  test("the tool cannot reach the host by the network's own address", async () => {
    using listener = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response("") });
    const gateway = await gatewayOfTool();
    expect((await asTool(connect(gateway, listener.port ?? 0))).stdout).toBe("");
  });

  test("no secret is where the tool runs", async () => {
    expect((await asTool("ls /run/secrets")).stderr).toContain("No such file");
    const look = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; env";
    const seen = (await asTool(look)).stdout;
    expect(seen).toContain("PATH=");
    expect(seen).not.toContain("CANARY");
    const find = "grep -rlsa --exclude-dir=proc --exclude-dir=sys CANARY-token / ; true";
    expect((await asTool(find)).stdout).toBe("");
    const plugin = await home.container("git-plugin");
    expect(await home.docker("exec", plugin, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null")).not.toContain(
      "CANARY",
    );
  });

  test("the agent can neither resolve nor reach the broker, and has no secret", async () => {
    const broker = await home.container("git-broker");
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    const addresses = await home.docker("inspect", "-f", format, broker);
    expect(addresses.trim().split(" ")).toHaveLength(2);
    for (const address of addresses.trim().split(" ")) {
      expect((await asAgent(ask(address, 8080))).stdout).not.toContain("tool");
    }
    for (const name of ["git-broker", `${await home.composeProject()}-git-broker-1`, "git-plugin", "git.test"]) {
      expect(await home.exec("getent", "hosts", name)).toMatchObject({ stdout: "", status: 2 });
    }
    expect(await asAgent("ls /run/secrets")).toMatchObject({ stderr: expect.stringContaining("No such file") });
  });

  test("the broker runs as the owner, with no capability, on a read-only system without the project", async () => {
    const broker = await home.container("git-broker");
    const look = `cat /proc/self/status; touch /x /run/secrets/x /etc/plugins/x; ls '${home.project}'`;
    const seen = await home.command(["docker", "exec", broker, "sh", "-c", look]);
    expect(seen.stdout).toContain(`Uid:\t${home.uid}\t`);
    expect(seen.stdout).toMatch(/CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\n/);
    expect(seen.stderr.match(/Read-only file system/g)).toHaveLength(3);
    expect(seen.stderr).toContain("No such file");
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
    await host.stop();
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

/** Prints how a broker is that listens there. Whatever else answers, a gateway of the outside for one, is none. */
function ask(address: string, port: number): string {
  const request = "printf 'GET /-/health HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
  return `timeout 3 bash -c "exec 3<>/dev/tcp/${address}/${port}; ${request}"`;
}

/** Prints `reached` when somebody listens there. */
function connect(address: string, port: number): string {
  return `timeout 3 bash -c '</dev/tcp/${address}/${port}' && echo reached`;
}
