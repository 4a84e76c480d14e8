import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { ACME, GitHost, HEAD, HOSTS, TOKEN } from "../helpers/git-host.ts";

setDefaultTimeout(120_000);

// One host, one broker, the real git on both sides; each test takes what it needs from the same repositories.
let host: GitHost;
beforeAll(async () => {
  host = await GitHost.start();
  await host.sh(`cd w; git remote add origin ${host.url("acme/thing.git")}`);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

describe("reading through the broker", () => {
  test("clone and fetch bring what is there, and git has no credential", async () => {
    expect((await host.git(["clone", "-q", host.url("acme/thing.git"), "c1"], ".")).stderr).toBe("");
    expect(await host.sh("git -C c1 rev-parse origin/main")).toBe(await host.at("main"));
    await host.sh("cd w; git commit -q --allow-empty -m next; git push -q ../root/acme/thing.git HEAD:refs/heads/next");
    expect((await host.git(["fetch", "-q", "origin"], "c1")).status).toBe(0);
    expect(await host.sh("git -C c1 rev-parse origin/next")).toBe(await host.at("next"));
    expect(await host.sh("grep -ra CANARY c1 home || true")).toBe("");
  });

  test("a shallow clone, and more of it later", async () => {
    expect((await host.git(["clone", "-q", "--depth=1", host.url("acme/thing"), "c2"], ".")).status).toBe(0);
    expect(await host.sh("git -C c2 rev-list --count HEAD")).toBe("1");
    expect((await host.git(["fetch", "-q", "--deepen=1"], "c2")).status).toBe(0);
    expect(await host.sh("git -C c2 rev-list --count HEAD")).toBe("2");
    expect((await host.git(["fetch", "-q", "--depth=1", "origin", "feature"], "c2")).status).toBe(0);
    expect(await host.sh("git -C c2 rev-list --count FETCH_HEAD")).toBe("1");
    expect((await host.git(["fetch", "-q", "--unshallow"], "c2")).status).toBe(0);
    expect(await host.sh("git -C c2 rev-list --count HEAD")).toBe("3");
  });

  test("a partial clone, and a blob of it when it is asked for", async () => {
    const partial = ["clone", "-q", "--no-checkout", "--filter=blob:none"];
    expect((await host.git([...partial, host.url("acme/thing.git"), "c3"], ".")).status).toBe(0);
    expect(await host.sh("git -C c3 rev-list --objects --missing=print HEAD | grep -c '^?'")).toBe("3");
    expect((await host.git(["show", "HEAD:file"], "c3")).stdout).toBe("3\n");
    expect((await host.git(["log", "-p", "--format=", "-1", "main~1"], "c3")).stdout).toContain("-1\n+2\n");
    expect((await host.git(["checkout", "-q", "main"], "c3")).stderr).toBe("");
  });

  test("protocol 2, which asks for some branches alone", async () => {
    const seen = host.server.seen.length;
    const { stdout } = await host.git(["ls-remote", "origin", "main"]);
    expect(stdout).toBe(`${await host.at("main")}\trefs/heads/main\n`);
    expect(host.server.seen.slice(seen).map(({ line, headers }) => [line, headers["git-protocol"]])).toEqual([
      ["GET /acme/thing.git/info/refs?service=git-upload-pack", "version=2"],
      ["POST /acme/thing.git/git-upload-pack", "version=2"],
    ]);
  });

  test("protocols 0 and 1 too", async () => {
    for (const version of ["0", "1"]) {
      const { stdout } = await host.git(["-c", `protocol.version=${version}`, "ls-remote", "origin", "main"]);
      expect(stdout).toContain(await host.at("main"));
    }
  });

  test.each([
    { name: "a relative address", of: () => "../thing.git" },
    { name: "an address in full", of: () => host.url("acme/thing.git") },
    { name: "SSH, as scp writes it", of: () => `git@${host.server.host.split(":")[0]}:acme/thing.git` },
    { name: "SSH with a port", of: () => `ssh://git@${host.server.host.split(":")[0]}:2222/acme/thing.git` },
  ])("a submodule of an allowed repository, by $name, shallow too", async ({ of }) => {
    await host.sh(`
      rm -rf super root/acme/super.git c4 c4s; git init -q -b main super; cd super
      printf '[submodule "lib"]\\n\\tpath = lib\\n\\turl = ${of()}\\n' > .gitmodules
      git update-index --add --cacheinfo 160000,$(git -C ../root/acme/thing.git rev-parse main),lib
      git add .gitmodules; git commit -qm super; git clone -q --bare . ../root/acme/super.git`);
    const address = host.url("acme/super.git");
    expect((await host.git(["clone", "-q", "--recurse-submodules", address, "c4"], ".")).stderr).toBe("");
    expect((await host.git(["submodule", "-q", "update", "--remote"], "c4")).stderr).toBe("");
    const shallow = ["--recurse-submodules", "--shallow-submodules", "--depth=1"];
    expect((await host.git(["clone", "-q", ...shallow, address, "c4s"], ".")).stderr).toBe("");
    expect(await host.sh("cat c4/lib/file c4s/lib/file; git -C c4s/lib rev-list --count HEAD")).toBe("3\n3\n1");
  });

  test("a submodule of another repository is refused by its name", async () => {
    await host.sh(`
      git init -q -b main bad; cd bad
      printf '[submodule "lib"]\\n\\tpath = lib\\n\\turl = ../../other/thing.git\\n' > .gitmodules
      git update-index --add --cacheinfo 160000,$(git -C ../root/other/thing.git rev-parse main),lib
      git add .gitmodules; git commit -qm bad; git clone -q --bare . ../root/acme/bad.git`);
    const { stderr, status } = await host.git(["clone", "--recurse-submodules", host.url("acme/bad.git"), "c4b"], ".");
    expect(status).not.toBe(0);
    expect(stderr).toContain('/other/thing" is not in broker.allowed_repos (git.yaml)');
  });

  test.each(["acme/group/sub/deep", "acme/group/sub/deep.git"])(
    "a repository in groups of groups: %s",
    async (repository) => {
      await host.sh("mkdir -p root/acme/group/sub; cp -r root/acme/thing.git root/acme/group/sub/deep.git; rm -rf c8");
      expect((await host.git(["clone", "-q", host.url(repository), "c8"], ".")).stderr).toBe("");
      const branch = `agent/deep${repository.length}`;
      expect((await host.git(["push", "-q", "origin", `HEAD:${branch}`], "c8")).stderr).toBe("");
      expect(await host.at(branch, "acme/group/sub/deep.git")).toBe(await host.sh("git -C c8 rev-parse HEAD"));
    },
  );

  test("many wants and haves, which git sends compressed", async () => {
    await host.sh(
      `cd root/acme; git clone -q --bare thing.git many.git; m=$(git -C many.git rev-parse main)
       for n in $(seq 300); do echo "create refs/heads/b$n $(git -C many.git commit-tree -m $n -p $m $m^{tree})"; done | git -C many.git update-ref --stdin`,
    );
    const seen = host.server.seen.length;
    expect((await host.git(["clone", "-q", host.url("acme/many.git"), "c5"], ".")).status).toBe(0);
    expect(await host.sh("git -C c5 branch -r | grep -c origin/b")).toBe("300");
    expect(host.server.seen.slice(seen).some(({ headers }) => "content-encoding" in headers)).toBe(false);
  });

  test("addresses in other forms lead to the same repository", async () => {
    const address = host.server.host;
    const [name, port] = address.split(":") as [string, string];
    for (const url of [
      `http://${address}/acme/thing`,
      `https://me@${address}/acme/thing.git`,
      `git://${name}/acme/thing`,
      `git@${name}:acme/thing.git`,
      `git@${name}:/acme/thing.git`,
      `ssh://git@${name}/acme/thing.git`,
      `ssh://${name}/acme/thing`,
      `ssh://git@${name}:22/acme/thing`,
      `ssh://git@${name}:2222/acme/thing.git`,
    ]) {
      const { stdout, stderr } = await host.git(["ls-remote", url, "main"]);
      expect([url, port, stdout.slice(0, 40), stderr]).toEqual([url, port, await host.at("main"), ""]);
    }
  });

  test("git remote -v shows the user's own address", async () => {
    const { stdout } = await host.git(["remote", "-v"]);
    expect(stdout).toBe(
      `origin\t${host.url("acme/thing.git")} (fetch)\norigin\t${host.url("acme/thing.git")} (push)\n`,
    );
    expect((await host.git(["remote", "get-url", "origin"])).stdout).toBe(`${host.url("acme/thing.git")}\n`);
  });

  test("what git says has the user's own address in it", async () => {
    const url = host.url("acme/thing.git");
    const broker = new URL(host.broker.url).host;
    await host.git(["clone", "-q", host.url("acme/thing.git"), "words"], ".");
    await host.sh(
      "cd w; git checkout -q -b words main; git commit -q --allow-empty -m w; git push -q ../root/acme/thing.git words; git checkout -q main",
    );
    const said = [
      await host.git(["fetch", "origin"], "words"),
      await host.git(["pull", "--no-rebase", "--no-ff", "--no-edit", host.url("acme/thing.git"), "words"], "words"),
      await host.git(["log", "-1", "--format=%s"], "words"),
      await host.git(["push", "origin", "HEAD:agent/words"], "words"),
      await host.git(["push", "origin", "HEAD:main"], "words"),
      await host.git(["ls-remote", host.url("acme/gone.git")], "words"),
      await host.git(["remote", "show", "origin"], "words"),
      await host.git(["ls-remote", host.url("other/thing.git")], "words"),
    ].map(({ stdout, stderr }) => stdout + stderr);
    const [fetched, , merged, pushed, refused, gone, shown, forbidden] = said;
    const short = url.replace(/\.git$/, "");
    expect(fetched).toStartWith(`From ${short}\n`);
    expect(merged).toBe(`Merge branch 'words' of ${short}\n`);
    expect(pushed).toContain(`To ${url}\n`);
    expect(refused).toContain(`error: failed to push some refs to '${url}'`);
    expect(gone).toContain(`fatal: repository '${url.replace("thing", "gone")}/' not found`);
    expect(shown).toContain(`Fetch URL: ${url}\n`);
    expect(forbidden).toContain(`fatal: unable to access '${host.url("other/thing.git")}/': The requested URL`);
    expect(said.join("")).not.toContain(broker);
  });

  test.each([
    "other/thing.git",
    "acme/../other/thing.git",
    "acme/%2e%2e/other/thing.git",
    "acmee/thing.git",
    "ACME/thing.git",
  ])("%s is not in allowed_repos, and git says so", async (repository) => {
    const seen = host.server.seen.length;
    const { stderr, status } = await host.git(["ls-remote", host.url(repository)]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("remote: plugin policy: ");
    expect(stderr).toContain("is not in broker.allowed_repos (git.yaml)");
    expect(host.server.seen.length).toBe(seen);
  });

  test("another host is refused in the same words, and not asked", async () => {
    for (const scheme of ["https://", "ssh://git@", "git://"]) {
      const { stderr } = await host.git(["ls-remote", `${scheme}git.example.com/acme/thing.git`]);
      expect(stderr).toContain('"git.example.com/acme/thing" is not in broker.allowed_repos');
    }
  });

  test("a password in the address is sent to nobody, for the broker has one of its own", async () => {
    const { stderr } = await host.git(["ls-remote", `https://me:pass-word-1@${host.server.host}/acme/thing.git`]);
    expect(stderr).toBe("");
    expect(await host.broker.log()).not.toContain("pass-word-1");
    expect(JSON.stringify(host.server.seen)).not.toContain(Buffer.from("me:pass-word-1").toString("base64"));
  });

  test("an address of the broker itself is nobody's repository", async () => {
    const { stderr } = await host.git(["ls-remote", `${host.broker.url}/github.com/acme/thing.git`]);
    expect(stderr).toContain("is not in broker.allowed_repos (git.yaml)");
  });
});

describe("pushing through the broker", () => {
  test("a new branch, and then it again by force, for it is the agent's own", async () => {
    expect((await host.git(["push", "-q", "origin", "main:agent/one"])).status).toBe(0);
    expect(await host.at("agent/one")).toBe(await host.sh("git -C w rev-parse main"));
    expect((await host.git(["push", "-q", "origin", "+main~1:agent/one"])).status).toBe(0);
    expect(await host.at("agent/one")).toBe(await host.sh("git -C w rev-parse main~1"));
    expect((await host.git(["push", "-q", "origin", ":agent/one"])).status).toBe(0);
    expect(await host.at("agent/one")).toBe("");
  });

  test("a large one, in a stream, with the broker's memory flat", async () => {
    await host.sh(
      "cd w; git config core.compression 0; git checkout -q -b large main; head -c 120000000 /dev/urandom > blob; git add blob; git commit -qm blob; git checkout -q main",
    );
    const { status } = await host.git(["-c", "core.compression=0", "push", "-q", "origin", "large:agent/large"]);
    expect(status).toBe(0);
    expect(await host.at("agent/large")).toBe(await host.sh("git -C w rev-parse large"));
    expect((await host.git(["clone", "-q", "-b", "agent/large", host.url("acme/thing.git"), "c6"], ".")).status).toBe(
      0,
    );
    expect(await host.sh("cmp w/.git/refs/heads/large c6/.git/refs/heads/agent/large")).toBe("");
    expect(host.broker.residentMiB()).toBeLessThan(120);
  });

  test("a large one that is refused costs nothing but the way here", async () => {
    const before = await host.at("main");
    const { stderr, status } = await host.git(["-c", "core.compression=0", "push", "origin", "large:main"]);
    expect(status).toBe(1);
    expect(stderr).toContain("! [remote rejected] large -> main (plugin policy: ");
    expect(await host.at("main")).toBe(before);
  });

  test("from a shallow clone", async () => {
    await host.git(["clone", "-q", "--depth=1", host.url("acme/thing.git"), "c7"], ".");
    await host.sh("cd c7; echo s > s; git add s; git commit -qm s");
    expect((await host.git(["push", "-q", "origin", "HEAD:agent/shallow"], "c7")).stderr).toBe("");
  });

  test("several at once, atomically", async () => {
    const { status } = await host.git(["push", "-q", "--atomic", "origin", "main:agent/a", "main:agent/b"]);
    expect(status).toBe(0);
  });

  test("the config counts as it is now: a branch is blocked, then push as a whole", async () => {
    await host.edit(`${ACME}rules: { blocked_branches: ["agent/*"] }\n`);
    expect((await host.git(["push", "origin", "main:agent/d"])).stderr).toContain(
      "blocked by rules.blocked_branches (git.yaml:4)",
    );
    await host.edit(`${ACME}rules: { blocked_commands: [push] }\n`);
    const seen = host.server.seen.length;
    const { stderr } = await host.git(["push", "origin", "main:agent/d"]);
    expect(stderr).toContain("remote: plugin policy: push is denied by rules.blocked_commands (git.yaml:4)");
    expect(host.server.seen.length).toBe(seen);
    await host.edit(ACME);
    expect((await host.git(["push", "-q", "origin", "main:agent/d"])).status).toBe(0);
  });

  test("a broken config changes nothing, and health says so", async () => {
    await host.edit(`${ACME}nonsense: 1\n`);
    expect((await host.git(["ls-remote", "origin"])).status).toBe(0);
    expect((await host.broker.health()).problems[0]).toContain('Unknown key "nonsense"');
    await host.edit(ACME);
    expect((await host.broker.health()).problems).toEqual([]);
  });

  test("push options that are listed arrive", async () => {
    await host.edit(`${HEAD}broker: { allowed_repos: ["{host}/acme/*"], push_options: [ci.skip], ${HOSTS} }\n`);
    await host.sh(
      "printf '#!/bin/sh\\ncat >/dev/null; echo \"option $GIT_PUSH_OPTION_0\"\\n' > root/acme/thing.git/hooks/pre-receive; chmod +x root/acme/thing.git/hooks/pre-receive",
    );
    const { stderr } = await host.git(["push", "-o", "ci.skip", "origin", "main:agent/e"]);
    expect(stderr).toContain("remote: option ci.skip");
    await host.sh("rm root/acme/thing.git/hooks/pre-receive");
    await host.edit(ACME);
  });
});

test("nothing that the broker wrote has the token in it, in any spelling", async () => {
  const log = await host.broker.log();
  expect(log).toContain('"event":"request"');
  for (const form of [
    TOKEN,
    Buffer.from(`x-access-token:${TOKEN}`).toString("base64"),
    Buffer.from(TOKEN).toString("hex"),
  ]) {
    expect(log).not.toContain(form);
  }
  expect(JSON.stringify(await host.broker.health())).not.toContain("CANARY");
});

test("the audit has who asked for what, the decision, the upstream's answer and the bytes", async () => {
  const entries = await host.broker.entries();
  const push = entries.find(({ refs }) => String(refs) === "create refs/heads/agent/one");
  expect(push).toMatchObject({
    tool: "git",
    from: "127.0.0.1",
    method: "POST",
    host: host.server.host,
    path: "acme/thing.git/git-receive-pack",
    service: "git-receive-pack",
    decision: "allow",
    upstream: 200,
    status: 200,
  });
  expect(Number(push?.["received_bytes"])).toBeGreaterThan(100);
  const denied = entries.find(({ rule }) => rule === "blocked_branches");
  expect(denied).toMatchObject({ decision: "deny", refs: ["create refs/heads/agent/d"] });
});
