import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { State } from "../../src/runtime/question.ts";
import { Approver } from "../helpers/approver.ts";
import { SERVER } from "../helpers/executables.ts";
import { CARRIERS, startPlugin, type PluginOptions, type PluginProcess } from "../helpers/plugin.ts";
import { call, shell, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(30_000);

const DONE = { status: 0, stdout: "done\n", stderr: "" };

async function startAsking(changes: Partial<PluginOptions> = {}): Promise<PluginProcess> {
  // To the grammar of a tool without one an option in front is unclear; here every call asks.
  const config = `${changes.config ?? ""}\ndefault: ask\n`;
  return await startPlugin({ tool: "sh", approvals: true, ...changes, config });
}

async function lastSession(plugin: PluginProcess): Promise<Readonly<Record<string, unknown>>> {
  return (await plugin.events("session")).at(-1) ?? {};
}

describe.each(CARRIERS)("a call that a person is asked about, over $carrier", ({ stdio }) => {
  test("waits, runs once a person has approved, and the log has who did", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const running = startCall(plugin, ["-c", "cat; echo done"]);
    const question = await ana.seesOne();
    expect(question).toMatchObject({
      tool: "sh",
      line: "sh -c 'cat; echo done'",
      args: ["-c", "cat; echo done"],
      cwd: plugin.workspace,
      rule: "default",
      env: {},
      preview: null,
    });
    expect(await ana.answer(question.id, "once")).toEqual({ result: "taken" });
    expect(await running.finished).toEqual(DONE);
    expect(await lastSession(plugin)).toMatchObject({ decision: "ask", approval: "once", approver: "ana", exit: 0 });
    // Once is once.
    const again = startCall(plugin, ["-c", "cat; echo done"]);
    await ana.seesOne();
    again.kill("SIGTERM");
    expect((await again.finished).status).toBe(128 + 15);
  });

  test("is denied with the person's own word", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const running = startCall(plugin, ["-c", "echo done >made"]);
    const { id } = await ana.seesOne();
    await ana.answer(id, "deny", "not on a Friday");
    const { status, stdout, stderr } = await running.finished;
    expect({ status, stdout }).toEqual({ status: 126, stdout: "" });
    expect(stderr).toBe(
      "plugin-client: sh without a command is denied by a person (the default, sh.yaml:5): not on a Friday. Do not repeat it in any spelling; do what they say, or ask the user.\n",
    );
    expect(existsSync(`${plugin.workspace}/made`)).toBe(false);
    expect(await lastSession(plugin)).toMatchObject({ approval: "deny", approver: "ana", word: "not on a Friday" });
  });

  test("is denied when nobody answers in time, and says so to programs too", async () => {
    await using plugin = await startAsking({ stdio, config: "limits: { approval: 1s }" });
    const { status, stderr } = await call(plugin, ["-c", "echo done"], { env: { PLUGIN_DENIALS: "json" } });
    expect(status).toBe(126);
    expect(JSON.parse(stderr)).toMatchObject({
      code: "approval_timeout",
      reason: "no person answered within 1s",
      retryable: false,
    });
    expect(await lastSession(plugin)).toMatchObject({ decision: "ask", approval: "timeout" });
  });

  test("is asked about again at the next daemon when the plugin is replaced meanwhile", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const running = startCall(plugin, ["-c", "echo done"]);
    const before = await ana.seesOne();
    expect(await plugin.stop()).toBe(0);
    await plugin.startNext();
    const after = await ana.seesOne();
    expect(after.id).not.toBe(before.id);
    expect(await ana.answer(before.id, "once")).toEqual({ result: "gone", how: "unknown" });
    await ana.answer(after.id, "once");
    expect(await running.finished).toEqual(DONE);
  });

  test("takes its question with it when its client vanishes", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const running = startCall(plugin, ["-c", ": >made"]);
    const { id } = await ana.seesOne();
    running.kill("SIGKILL");
    await ana.sees(0);
    expect(await ana.answer(id, "once")).toEqual({ result: "gone", how: "given_up" });
    expect(existsSync(`${plugin.workspace}/made`)).toBe(false);
    expect(await lastSession(plugin)).toMatchObject({ decision: "ask", lost: true });
  });

  test("takes no input from its caller while it waits, and leaves it to the next when it is denied", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const script = shell(plugin, "printf '1\\n2\\n' >in; { sh -c 'read x; echo $x' || cat; } <in");
    await ana.answer((await ana.seesOne()).id, "deny");
    expect((await script).stdout).toBe("1\n2\n");
  });

  test("says after three seconds for what it waits, and nothing when it was answered before", async () => {
    await using plugin = await startAsking({ stdio });
    const ana = new Approver(plugin);
    const quick = startCall(plugin, ["-c", "sleep 3.5; echo done"]);
    await ana.answer((await ana.seesOne()).id, "once");
    const slow = startCall(plugin, ["-c", "echo done"]);
    const { id } = await ana.seesOne();
    expect(await quick.finished).toEqual(DONE);
    await waitFor("it says so", async () => (await slow.stderr()) !== "");
    await ana.answer(id, "once");
    const line = `plugin-client: Waiting for approval of "sh -c 'echo done'" (the default, sh.yaml:5)\n`;
    expect(await slow.finished).toEqual({ ...DONE, stderr: line });
  });
});

test("the first of two answers counts, and the second approver is told whose it was", async () => {
  await using plugin = await startAsking();
  const [ana, bob] = [new Approver(plugin, "ana"), new Approver(plugin, "bob")];
  const running = startCall(plugin, ["-c", "echo done"]);
  const { id } = await ana.seesOne();
  const receipts = await Promise.all([ana.answer(id, "deny", "no"), bob.answer(id, "once")]);
  expect(receipts.map(({ result }) => result).toSorted()).toEqual(["answered", "taken"]);
  const winner = receipts[0].result === "taken" ? "ana" : "bob";
  expect(receipts.find(({ result }) => result === "answered")).toMatchObject({ answer: { by: winner } });
  expect((await running.finished).status).toBe(winner === "ana" ? 126 : 0);
  expect(await ana.answer(id, "once")).toMatchObject({ result: "answered", answer: { by: winner } });
});

test("an approval for the session lets the same call through, also one that waits already, and no other", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const both = [startCall(plugin, ["-c", "echo done"]), startCall(plugin, ["-c", "echo done"])];
  const [first] = await ana.sees(2);
  await ana.answer(first?.id ?? "", "session");
  expect(await Promise.all(both.map(async ({ finished }) => await finished))).toEqual([DONE, DONE]);
  expect(await call(plugin, ["-c", "echo done"])).toEqual(DONE);
  expect(await lastSession(plugin)).toMatchObject({ decision: "ask", approval: "remembered", approver: "ana" });
  const others = [
    startCall(plugin, ["-c", "echo  done"]),
    startCall(plugin, ["-ec", "echo done"]),
    startCall(plugin, ["-c", "echo done"], { cwd: "/tmp" }),
  ];
  await waitFor("two wait", async () => (await ana.state()).questions.length === 2);
  // The third is outside of the roots.
  expect((await others[2]?.finished)?.status).toBe(126);
  // An edit of the config, of whatever in it, ends what was agreed upon under the former.
  await writeFile(plugin.config, `${await Bun.file(plugin.config).text()}limits: { queue: 9 }\n`);
  startCall(plugin, ["-c", "echo done"]);
  await ana.sees(3);
});

test("a variable that the caller adds is shown, and is another call", async () => {
  await using plugin = await startAsking({ config: "env: { pass: [GIT_DIR, LANG] }" });
  const ana = new Approver(plugin);
  const plain = startCall(plugin, ["-c", "echo done"]);
  await ana.answer((await ana.seesOne()).id, "session");
  expect(await plain.finished).toEqual(DONE);
  const elsewhere = startCall(plugin, ["-c", "echo done"], { env: { GIT_DIR: "/else" } });
  const { env, id } = await ana.seesOne();
  expect(env).toEqual({ GIT_DIR: "/else" });
  await ana.answer(id, "deny");
  expect((await elsewhere.finished).status).toBe(126);
});

test.each([
  { now: "allows", rules: "default: allow", status: 0 },
  { now: "denies", rules: "default: deny", status: 126 },
])("a call that waits is decided about anew when an edited config $now it", async ({ rules, status }) => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const running = startCall(plugin, ["-c", "echo done"]);
  const { id } = await ana.seesOne();
  await writeFile(plugin.config, `plugin: sh\n${rules}\n`);
  expect((await running.finished).status).toBe(status);
  expect(await ana.answer(id, "once")).toEqual({ result: "gone", how: "changed" });
});

test("an edit that breaks the config leaves a call that waits as it is, and its answer counts", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const running = startCall(plugin, ["-c", "echo done"]);
  const { id } = await ana.seesOne();
  await writeFile(plugin.config, "plugin: sh\nrulez: {}\n");
  await waitFor("the plugin has seen it", async () => (await plugin.events("config_broken")).length === 1);
  expect((await ana.seesOne()).id).toBe(id);
  expect(await ana.answer(id, "once")).toEqual({ result: "taken" });
  expect(await running.finished).toEqual(DONE);
});

test("an answer under a config that was just edited does not count; the question is asked anew under the new one", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const running = startCall(plugin, ["-c", "echo done"]);
  const { id } = await ana.seesOne();
  await writeFile(plugin.config, "plugin: sh\nrules: [{ id: mine, decision: ask }]\n");
  expect(await ana.answer(id, "once")).toEqual({ result: "gone", how: "changed" });
  const next = await waitFor("it is asked anew", async () => (await ana.state()).questions[0]);
  expect(next).toMatchObject({ rule: "mine" });
  await ana.answer(next.id, "once");
  expect(await running.finished).toEqual(DONE);
});

test("an approval does not count when the folder of the call has become another meanwhile", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  await shell(plugin, "mkdir one two && ln -s one here", { direct: true });
  const running = startCall(plugin, ["-c", "pwd -P"], { cwd: `${plugin.workspace}/here`, env: { PWD: "" } });
  const { id, cwd } = await ana.seesOne();
  expect(cwd).toBe(`${plugin.workspace}/one`);
  await shell(plugin, "mv one gone && ln -s two one", { direct: true });
  expect(await ana.answer(id, "once")).toEqual({ result: "changed" });
  expect(await running.finished.then(({ status }) => status).catch(() => -1)).not.toBe(0);
});

test("calls that wait for a person are bounded, take no session, and the rest is told that the plugin is busy", async () => {
  await using plugin = await startAsking({ config: "limits: { queue: 2, sessions: 1 }" });
  const ana = new Approver(plugin);
  const waiting = [startCall(plugin, ["-c", "echo 1"]), startCall(plugin, ["-c", "echo 2"])];
  const questions = await ana.sees(2);
  const { status, stderr } = await call(plugin, ["-c", "echo 3"]);
  expect({ status, stderr }).toEqual({
    status: 125,
    stderr:
      "plugin-client: The sh plugin is busy: 2 calls wait for a person's approval; try again later, or raise limits.queue in its config\n",
  });
  for (const { id } of questions) {
    await ana.answer(id, "once");
  }
  expect((await Promise.all(waiting.map(async ({ finished }) => await finished))).map(({ status: s }) => s)).toEqual([
    0, 0,
  ]);
});

test("a call that is too long to be shown to a person is denied, not cut", async () => {
  await using plugin = await startAsking();
  const { status, stderr } = await call(plugin, ["-c", `echo ${"x".repeat(70_000)}`]);
  expect(status).toBe(126);
  expect(stderr).toContain("is too long to be shown to one");
});

test("what a person sees of a call moves no cursor, is unambiguous, and tells look-alikes", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const running = startCall(plugin, ["-c", "\u001b[2Jx", "m\u0430in", "", "a\u202eb", "it's", "two words", "~x"]);
  const { line, ascii, id } = await ana.seesOne();
  expect(line).toBe(`sh -c $'\\x1b[2Jx' 'm\u0430in' '' $'a\\u202eb' 'it'\\''s' 'two words' '~x'`);
  expect(ascii).toBe(String.raw`sh -c $'\x1b[2Jx' 'm\u0430in' '' $'a\u202eb' 'it'\''s' 'two words' '~x'`);
  await ana.answer(id, "deny", "\u001b[2J");
  expect((await running.finished).stderr).toContain(String.raw`): \x1b[2J. Do not`);
});

test("without a socket for approvals nobody can be asked, and that is what a call and --explain say", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: "default: ask" });
  const { status, stderr } = await call(plugin, ["-c", "echo done"]);
  expect(status).toBe(126);
  expect(stderr).toContain("nobody can be asked here");
  const explained = JSON.parse((await shell(plugin, '"$CLIENT" --explain --json sh -c x')).stdout);
  expect(explained).toMatchObject({ decision: "ask", code: "approval_needed" });
  expect(explained.message).toContain("nobody can be asked here");
});

test("--explain says of a call that it would wait", async () => {
  await using plugin = await startAsking();
  const explained = JSON.parse((await shell(plugin, '"$CLIENT" --explain --json sh -c x')).stdout);
  expect(explained).toMatchObject({ decision: "ask", code: "approval_needed" });
  expect(explained.message).toContain("The call waits until a person has answered");
});

test("a plugin whose folder of approvals is open to others asks nobody, and says so", async () => {
  await using plugin = await startPlugin({ tool: "sh", approvals: true, config: "default: ask" });
  await plugin.stop();
  Bun.spawnSync(["chmod", "0755", `${plugin.folder}/a`]);
  await plugin.startNext();
  expect(await plugin.log()).toMatch(/warning: Nobody can be asked for approval: .*0755/u);
  expect((await call(plugin, ["-c", "echo done"])).stderr).toContain("nobody can be asked here");
});

test("a call that waited longer than a client waits for a plugin is still sent on to the next one", async () => {
  await using plugin = await startAsking();
  const ana = new Approver(plugin);
  const running = startCall(plugin, ["-c", "echo done"], { boundMs: 60_000 });
  await ana.seesOne();
  const watcher = Bun.spawn([SERVER, "approvals", "watch", plugin.approvals], { stdin: "pipe", stdout: "ignore" });
  await Bun.sleep(31_000);
  // Nothing has changed for so long, and it still looks.
  expect(watcher.exitCode).toBeNull();
  await plugin.stop();
  await plugin.startNext();
  await ana.answer((await ana.seesOne()).id, "once");
  expect(await running.finished).toMatchObject({ status: 0, stdout: "done\n" });
}, 60_000);

test("`plugin-server approvals watch` prints the state at each change, and ends with its input", async () => {
  await using plugin = await startAsking();
  const watcher = Bun.spawn([SERVER, "approvals", "watch", plugin.approvals, "--json"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  let printed = "";
  const reading = (async () => {
    for await (const chunk of watcher.stdout) {
      printed += Buffer.from(chunk).toString();
    }
  })();
  const prints = async (count: number): Promise<unknown> =>
    await waitFor(`it prints ${count} states`, () => printed.split("\n").length > count);
  await prints(1);
  const running = startCall(plugin, ["-c", "echo done"]);
  const ana = new Approver(plugin);
  await ana.answer((await ana.seesOne()).id, "once");
  expect(await running.finished).toEqual(DONE);
  await prints(3);
  await watcher.stdin.end();
  await reading;
  const states = printed
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as State);
  expect(await watcher.exited).toBe(0);
  expect(states.map(({ questions }) => questions.length)).toEqual([0, 1, 0]);
  expect(states.at(-1)?.settled).toMatchObject([{ how: "answered", answer: { by: "ana", verdict: "once" } }]);
});
