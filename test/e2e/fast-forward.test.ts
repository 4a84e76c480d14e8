import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";

import { GitHost, HEAD, HOSTS } from "../helpers/git-host.ts";

setDefaultTimeout(30_000);

let host: GitHost;
beforeAll(async () => {
  host = await GitHost.start(
    `${HEAD}broker: { allowed_repos: ["{host}/acme/*"], verify_fast_forward: true, ${HOSTS} }\nrules: { blocked_branches: [release] }\n`,
  );
  await host.sh(`cd w; git remote add origin ${host.url("acme/thing.git")}; git branch feature main~1`);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

const says =
  "this is no fast-forward of what is there, which broker.verify_fast_forward wants; fetch, then merge or rebase";

test("a fast-forward of another branch passes, and so does a merge", async () => {
  expect((await host.git(["push", "-q", "origin", "main:feature"])).stderr).toBe("");
  expect(await host.at("feature")).toBe(await host.at("main"));
  await host.sh(
    "cd w; git checkout -q -b side main~1; git commit -q --allow-empty -m side; git checkout -q -B both main; git merge -q -m both side",
  );
  expect((await host.git(["push", "-q", "origin", "both:feature"])).stderr).toBe("");
});

test("anything else is refused: rewound, rewritten, of another root", async () => {
  await host.sh(
    "cd w; git checkout -q --orphan alone; git commit -qm alone; git checkout -q -B rewritten both~1; git commit -q --allow-empty -m other; git checkout -q main",
  );
  const before = await host.at("feature");
  for (const source of ["main~2", "rewritten", "alone"]) {
    const { stderr, status } = await host.git(["push", "-f", "origin", `${source}:feature`]);
    expect(status).toBe(1);
    expect(stderr).toContain(`! [remote rejected] ${source} -> feature (plugin policy: ${says})`);
  }
  expect(await host.at("feature")).toBe(before);
});

test("a graft, which makes the agent's own git believe in a fast-forward, makes nobody else believe in it", async () => {
  const before = await host.at("feature");
  await host.sh(
    `cd w; git fetch -q ../root/acme/thing.git feature; echo "$(git rev-parse alone) ${before}" > .git/info/grafts`,
  );
  const { stderr } = await host.git(["push", "origin", "alone:feature"]);
  await host.sh("rm w/.git/info/grafts");
  expect(stderr).toContain(says);
  expect(await host.at("feature")).toBe(before);
});

test("a replaced object does not either", async () => {
  const before = await host.at("feature");
  await host.sh(`cd w; git replace --graft alone ${before}`);
  const { stderr } = await host.git(["push", "origin", "alone:feature"]);
  await host.sh("cd w; git replace -d alone");
  expect(stderr).toContain(says);
  expect(await host.at("feature")).toBe(before);
});

test("what others have pushed meanwhile is seen", async () => {
  await host.sh(
    "cd root/acme/thing.git; t=$(git rev-parse feature^{tree}); git update-ref refs/heads/feature $(git commit-tree -m theirs -p feature $t)",
  );
  const { stderr } = await host.git(["push", "-f", "origin", "both:feature"]);
  expect(stderr).toContain(says);
});

test("the agent's own branches are not looked at, and blocked ones stay blocked", async () => {
  expect((await host.git(["push", "-q", "origin", "main:agent/x"])).status).toBe(0);
  expect((await host.git(["push", "-q", "origin", "+alone:agent/x"])).status).toBe(0);
  await host.sh("git -C root/acme/thing.git branch release main~1");
  expect((await host.git(["push", "origin", "main:release"])).stderr).toContain("blocked by rules.blocked_branches");
});

test("a large fast-forward arrives whole", async () => {
  await host.sh(`cd w; git fetch -q ../root/acme/thing.git feature; git checkout -q -B big FETCH_HEAD
    git config core.compression 0; head -c 20000000 /dev/urandom > blob; git add blob; git commit -qm blob; git checkout -q main`);
  expect((await host.git(["push", "-q", "origin", "big:feature"])).stderr).toBe("");
  expect(await host.at("feature")).toBe(await host.sh("git -C w rev-parse big"));
  expect(host.broker.residentMiB()).toBeLessThan(120);
});

test("a pack that is none proves nothing", async () => {
  const [before, after] = [await host.at("feature"), await host.sh("git -C w rev-parse alone")];
  const line = `${before} ${after} refs/heads/feature\0report-status`;
  const body = `${(line.length + 4).toString(16).padStart(4, "0")}${line}0000PACKnonsense`;
  const answer = await host.ask("/acme/thing.git/git-receive-pack", {
    method: "POST",
    headers: { "content-type": "application/x-git-receive-pack-request" },
    body,
  });
  expect(await answer.text()).toContain("ng refs/heads/feature plugin policy: this is no fast-forward");
});

test("a pack that says it has an object of gigabytes ends the program that reads it, and no more", async () => {
  const [before, after] = [await host.at("feature"), await host.sh("git -C w rev-parse alone")];
  const line = `${before} ${after} refs/heads/feature\0report-status`;
  // One commit (type 1) of 256 GiB, in the variable length of gitformat-pack(5), and the beginning of its data.
  const size = [0x90, 0x80, 0x80, 0x80, 0x80, 0x40];
  const pack = Buffer.concat([Buffer.from("PACK\0\0\0\u0002\0\0\0\u0001"), Buffer.from(size)]);
  const data = Bun.deflateSync(new Uint8Array(4_000_000));
  const body = Buffer.concat([
    Buffer.from(`${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`),
    pack,
    data,
  ]);
  const answer = await host.ask("/acme/thing.git/git-receive-pack", {
    method: "POST",
    headers: { "content-type": "application/x-git-receive-pack-request" },
    body,
  });
  expect(await answer.text()).toContain("ng refs/heads/feature plugin policy: this is no fast-forward");
});

test("an upstream that cannot be read proves nothing", async () => {
  const gone = "/acme/gone.git/git-receive-pack";
  const line = `${"a".repeat(40)} ${"b".repeat(40)} refs/heads/x\0report-status`;
  const body = `${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`;
  const headers = { "content-type": "application/x-git-receive-pack-request" };
  const answer = await host.ask(gone, { method: "POST", headers, body });
  expect([answer.status, await answer.text()]).toEqual([
    502,
    "plugin policy: whether this is a fast-forward cannot be looked up: the broker could not fetch the repository\n",
  ]);
});

test("nothing is left of packs that were looked at, and the mirror has no credential", async () => {
  const left = readdirSync(host.broker.folder, { recursive: true }).map(String);
  expect(left.filter((name) => /quarantine-|git-push-/.test(name))).toEqual([]);
  expect(left.some((name) => name.startsWith("git-broker-"))).toBe(true);
  expect(await host.sh(`grep -rla CANARY ${host.broker.folder} || true`)).toBe(`${host.broker.secrets}/token`);
});
