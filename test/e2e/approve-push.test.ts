import { expect, setDefaultTimeout, test } from "bun:test";
import { Approver } from "../helpers/approver.ts";
import { CARRIERS, startPlugin, type PluginProcess } from "../helpers/plugin.ts";
import { call, shell, startCall } from "../helpers/shell.ts";

setDefaultTimeout(30_000);

const ASKS = `
rules:
  - { id: ask-push, match: { command: push }, decision: ask, reason: it leaves this machine }
`;

/** A repository with a local bare one as its remote, which has its first commit; one more waits to be pushed. */
export async function startGit(stdio: "auto" | "relay" = "auto"): Promise<PluginProcess> {
  const plugin = await startPlugin({ tool: "git", stdio, approvals: true, config: ASKS });
  const made = await shell(
    plugin,
    `set -e
     git init -q -b main . && git config user.name A && git config user.email a@example.org
     git init -q --bare -b main ../remote.git && git remote add origin ../remote.git
     echo one >a.txt && git add . && git commit -qm first && git push -q -u origin main
     echo two >>a.txt && echo new >b.txt && git add . && git commit -qm second && git branch other`,
    { direct: true },
  );
  expect(made).toEqual({ status: 0, stdout: "", stderr: "" });
  return plugin;
}

async function remoteLog(plugin: PluginProcess, branch = "main"): Promise<string> {
  return (await shell(plugin, `git --git-dir ../remote.git log --format=%s ${branch} 2>&1`, { direct: true })).stdout;
}

test.each(CARRIERS)("a real push waits, and is made or not as a person says, over $carrier", async ({ stdio }) => {
  await using plugin = await startGit(stdio);
  const ana = new Approver(plugin);
  const denied = startCall(plugin, ["push", "origin", "main"]);
  const first = await ana.seesOne();
  expect(first).toMatchObject({ rule: "ask-push", reason: "it leaves this machine", line: "git push origin main" });
  await ana.answer(first.id, "deny", "wait for the review");
  expect(await denied.finished).toMatchObject({ status: 126, stderr: expect.stringContaining("wait for the review") });
  expect(await remoteLog(plugin)).toBe("first\n");

  const approved = startCall(plugin, ["push", "origin", "main"]);
  await ana.answer((await ana.seesOne()).id, "once");
  expect((await approved.finished).status).toBe(0);
  expect(await remoteLog(plugin)).toBe("second\nfirst\n");
});

test("the question about a push says where it goes, and has commits and a diffstat", async () => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  const push = startCall(plugin, ["push", "origin", "main", "+main:old", ":gone", "HEAD:refs/heads/h"]);
  const { preview, id } = await ana.seesOne();
  expect(preview?.split("\n")).toEqual([
    "to origin, which is ../remote.git",
    "main → main: 1 commit more than at the last fetch",
    expect.stringMatching(/^ {2}[0-9a-f]{7,} A: second$/u),
    " a.txt | 1 +",
    " b.txt | 1 +",
    " 2 files changed, 2 insertions(+)",
    "main → old: a new branch as of the last fetch, with 1 commit that no other has there",
    expect.stringMatching(/^ {2}[0-9a-f]{7,} A: second$/u),
    " a.txt | 1 +",
    " b.txt | 1 +",
    " 2 files changed, 2 insertions(+)",
    "deletes gone",
    expect.stringContaining("HEAD → h: a new branch"),
    expect.any(String),
    " a.txt | 1 +",
    " b.txt | 1 +",
    " 2 files changed, 2 insertions(+)",
  ]);
  await ana.answer(id, "deny");
  await push.finished;
});

test("a push that takes commits away says so", async () => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  await shell(plugin, "git push -q origin main && git reset -q --hard HEAD~1 && git commit -q --allow-empty -m third", {
    direct: true,
  });
  const push = startCall(plugin, ["push", "-f", "origin", "main"]);
  const { preview, id } = await ana.seesOne();
  expect(preview).toContain(
    "main → main: 1 commit more than at the last fetch\ntakes away 1 commit that it has, the last",
  );
  expect(preview).toContain("b.txt | 1 -");
  await ana.answer(id, "deny");
  await push.finished;
});

test.each([
  { args: ["push"], why: "the arguments do not name the branches" },
  { args: ["push", "origin"], why: "the arguments do not name the branches" },
  { args: ["push", "origin", "refs/heads/*:refs/heads/*"], why: "names no single branch" },
  { args: ["-c", "core.x=y", "push", "origin", "main"], why: "-c may change what git push does" },
  { args: ["push", "origin", "nothing"], why: "git finds no such commit here" },
  { args: ["push", "--follow-tags", "origin", "main"], why: "--follow-tags: more than that, which cannot be told" },
])("what cannot be told of $args is said", async ({ args, why }) => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  const push = startCall(plugin, args);
  const { preview, id } = await ana.seesOne();
  expect(preview).toContain(why);
  await ana.answer(id, "deny");
  await push.finished;
});

test("an approval does not count when the branch has another commit than the one that was shown", async () => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  const push = startCall(plugin, ["push", "origin", "main"]);
  const { id } = await ana.seesOne();
  await shell(plugin, "echo evil >c.txt && git add . && git commit -qm evil", { direct: true });
  expect(await ana.answer(id, "once")).toEqual({ result: "changed" });
  const next = await ana.seesOne();
  expect(next.preview).toContain("evil");
  // Whoever wonders why it did not count finds both sides in the log.
  expect(await plugin.events("approval_void")).toMatchObject([
    { tool: "git", shown: expect.not.stringContaining("evil"), found: expect.stringContaining("evil") },
  ]);
  await ana.answer(next.id, "deny");
  expect((await push.finished).status).toBe(126);
  expect(await remoteLog(plugin)).toBe("first\n");
});

test("an approval for the session is for every spelling of the same push, and for no other branch or setting", async () => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  const push = startCall(plugin, ["push", "origin", "other"]);
  await ana.answer((await ana.seesOne()).id, "session");
  expect((await push.finished).status).toBe(0);
  expect((await call(plugin, ["push", "origin", "--", "other"])).status).toBe(0);
  for (const args of [
    ["push", "origin", "main"],
    ["push", "-f", "origin", "other"],
    ["-c", "remote.origin.url=/elsewhere", "push", "origin", "other"],
    ["-c", "core.sshCommand=x", "push", "origin", "other"],
  ]) {
    const asked = startCall(plugin, args);
    await ana.answer((await ana.seesOne()).id, "deny");
    expect((await asked.finished).status).toBe(126);
  }
});

test("what a repository makes git run cannot hold up a question", async () => {
  await using plugin = await startGit();
  const ana = new Approver(plugin);
  await shell(
    plugin,
    "git config core.fsmonitor 'sleep 60' && git config diff.external 'sleep 60' && git config log.showSignature true",
    {
      direct: true,
    },
  );
  const push = startCall(plugin, ["push", "origin", "main"]);
  const { preview, id } = await ana.seesOne();
  expect(preview).toContain(" 2 files changed");
  await ana.answer(id, "deny");
  await push.finished;
});
