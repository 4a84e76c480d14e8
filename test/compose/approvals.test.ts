import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { waitFor } from "../helpers/wait-for.ts";
import type { Outcome } from "../scripts/home.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

interface Question {
  readonly id: string;
  readonly line: string;
  readonly preview: string;
}

// A word that git does not know may be an alias, which push could hide behind; the rule lets the test's own through.
const RULES = `plugin: git
rules:
  - { id: run, match: { command: run }, decision: allow }
  - { id: ask-push, match: { command: push }, decision: ask }
  - { id: no-gc, match: { command: gc, env: { NO_COLOR: "1" } }, decision: deny, reason: it is slow }
`;

/** Somebody who sees the first question in the terminal, and denies it with a word; $1 is run.sh. Prints what they saw. */
const ANSWERS = `mkfifo in && exec 3<>in
"$1" approvals <in 3>&- >out &
until grep -q '^\\[1\\] git' out; do sleep 0.1; done
echo 'n 1 not now' >&3
until grep -q '^\\[1\\] denied' out; do sleep 0.1; done
kill $!; cat out`;

/** A view that is killed, with all that it started here, once it watches; $1 is run.sh, $2 the plugin's container. */
const DIES = `rm in out; mkfifo in && exec 3<>in
setsid "$1" approvals <in 3>&- >out &
until docker top "$2" | grep -q 'approvals watch'; do sleep 0.1; done
kill -KILL -- -$!`;

describeWithEngine("a call that a person is asked about, in containers", () => {
  let home: Installation;

  beforeAll(async () => {
    home = await Installation.make();
    expect(await home.script("install.sh", ["--compose"])).toMatchObject({ status: 0 });
    await home.writeConfig("git", RULES);
    expect(await home.run(["start"])).toMatchObject({ status: 0 });
    await home.makeRepository("first words");
    // Whatever follows the alias is run by git as the tool's user, in the plugin's container.
    const prepare =
      "git config alias.run '!sh -c' && git init -q --bare remote.git && git remote add origin ./remote.git";
    expect(await home.exec("sh", "-c", prepare)).toMatchObject({ status: 0 });
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  async function listed(): Promise<Question[]> {
    const { stdout, stderr } = await home.run(["approvals", "--json"]);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Question[];
  }

  async function question(): Promise<Question> {
    return await waitFor(
      "one call waits",
      async () => {
        const [one, ...others] = await listed();
        return others.length === 0 && one;
      },
      30_000,
    );
  }

  async function remoteBranches(): Promise<string> {
    return (await home.exec("git", "--git-dir=remote.git", "for-each-ref", "--format=%(refname)")).stdout;
  }

  const asTool = async (script: string): Promise<Outcome> => await home.exec("git", "run", script);
  const asAgent = async (script: string): Promise<Outcome> => await home.exec("bash", "-c", script);

  test("can be explained beforehand by the agent, with its own environment, and a denial is an object where it asks", async () => {
    const explained = async (...call: readonly string[]): Promise<unknown> =>
      JSON.parse((await home.exec("env", ...call)).stdout);
    const explain = ["plugin-client", "--explain", "--json", "git"];
    expect(await explained(...explain, "push", "origin", "main")).toMatchObject({ decision: "ask", rule: "ask-push" });
    expect(await explained(...explain, "gc")).toMatchObject({ decision: "allow" });
    expect(await explained("NO_COLOR=1", ...explain, "gc")).toMatchObject({ decision: "deny", rule: "no-gc" });
    const { stderr, status } = await home.exec("env", "NO_COLOR=1", "PLUGIN_DENIALS=json", "git", "gc");
    expect(status).toBe(126);
    expect(JSON.parse(stderr)).toMatchObject({ code: "denied_by_rule", rule: "no-gc", reason: "it is slow" });
    expect((await home.exec("plugin-client", "--capabilities", "git")).stdout).toContain("no-gc: deny gc");
  });

  test("is answered from the host, and the log has who did", async () => {
    const pushed = home.exec("git", "push", "-q", "origin", "HEAD:refs/heads/approved");
    const { id, line, preview } = await question();
    expect(line).toBe("git push -q origin HEAD:refs/heads/approved");
    expect(preview).toContain("HEAD → approved: a new branch");
    expect(preview).toContain("A: first words");
    // A question to the container that the machine takes too long over is one without an answer.
    await waitFor(
      "status says so",
      async () => (await home.status())["git"]?.reason === "1 call waits for an answer",
      60_000,
    );
    expect(await home.run(["approve", id])).toEqual({ stdout: "", stderr: "", status: 0 });
    const outcome = await pushed;
    // An answer that took longer than 3 s has left a trace.
    const said = outcome.stderr.replace(/^plugin-client: Waiting for approval of .*\n/, "");
    expect({ ...outcome, stderr: said }).toEqual({ stdout: "", stderr: "", status: 0 });
    expect(await remoteBranches()).toBe("refs/heads/approved\n");
    const { stdout, stderr } = await home.run(["logs", "git"]);
    expect(`${stdout}${stderr}`).toMatch(/"decision":"ask",.*"approval":"once","approver":"[^"]+"/u);
    expect(await home.run(["approve", id])).toMatchObject({ status: 1, stderr: expect.stringContaining("already") });
  });

  test("can be denied with a word in the terminal, which leaves nothing in the container when it is gone", async () => {
    const pushed = home.exec("git", "push", "origin", "HEAD:refs/heads/denied");
    await question();
    const container = await home.container("git-plugin");
    const run = `${home.checkout}/scripts/run.sh`;
    const { stdout } = await home.command(["timeout", "120", "bash", "-c", ANSWERS, "bash", run], { cwd: home.top });
    expect(stdout).toContain("[1] git push origin HEAD:refs/heads/denied\n");
    expect(stdout).toMatch(/\[1\] denied by .+: not now\n/u);
    expect(stdout).not.toContain("Nothing keeps");
    expect(await pushed).toMatchObject({ status: 126, stderr: expect.stringContaining("not now") });

    const script = ["timeout", "120", "bash", "-c", DIES, "bash", run, container];
    expect(await home.command(script, { cwd: home.top })).toMatchObject({ status: 0 });
    await waitFor(
      "nobody watches any more",
      async () => {
        return !(await home.docker("top", container)).includes("approvals watch");
      },
      20_000,
    );
  });

  test("cannot be answered by the agent", async () => {
    const pushed = home.exec("git", "push", "origin", "HEAD:refs/heads/attacked");
    const { id } = await question();
    const { stdout } = await asAgent("ls -ld /run/approvals /run/plugins/*/* 2>&1; command -v plugin-server docker");
    expect(stdout).toContain("cannot access '/run/approvals'");
    expect(stdout).not.toContain("approvals.sock");
    expect(stdout).not.toContain("plugin-server");
    await asAgent(`printf 'POST /answer HTTP/1.1\\r\\n\\r\\n' | timeout 2 bash -c 'cat >/run/plugins/git/git.sock'`);
    expect((await question()).id).toBe(id);
    expect(await home.run(["deny", id, "nice", "try"])).toMatchObject({ status: 0 });
    expect(await pushed).toMatchObject({ status: 126, stderr: expect.stringContaining("nice try") });
  });

  test("cannot be answered by the tool, which is the agent's code in the daemon's own container", async () => {
    const pushed = home.exec("git", "push", "origin", "HEAD:refs/heads/attacked");
    const { id } = await question();
    expect((await asTool("id -u")).stdout).toBe(`${home.uid}\n`);
    expect((await asTool("ls -la /run/approvals")).stderr).toContain("Permission denied");
    const answer = `approvals answer /run/approvals/git.sock ${id} --verdict once --by me`;
    expect(await asTool(`plugin-server ${answer}`)).toMatchObject({ stdout: "", status: 1 });
    const roots = `for pid in $(ls /proc | grep '^[0-9]'); do
      ls /proc/$pid/root/run/approvals/ /proc/$pid/cwd/run/approvals 2>/dev/null
      ls -l /proc/$pid/fd 2>/dev/null | grep approvals
    done; echo looked`;
    expect((await asTool(roots)).stdout).toBe("looked\n");
    // A lookalike elsewhere is nobody's.
    await asTool("umount /run/approvals; rm -rf /run/approvals; mkdir /run/approvals; kill -9 1; kill -9 -1");
    expect((await question()).id).toBe(id);
    expect(await home.run(["deny", id])).toMatchObject({ status: 0 });
    expect(await pushed).toMatchObject({ status: 126 });
    expect(await remoteBranches()).toBe("refs/heads/approved\n");
  });

  test("is asked about again by the next plugin when its plugin is replaced meanwhile", async () => {
    const pushed = home.exec("git", "push", "-q", "origin", "HEAD:refs/heads/later");
    const before = await question();
    expect(await home.run(["restart", "git"])).toMatchObject({ status: 0 });
    const after = await question();
    expect(after.id).not.toBe(before.id);
    expect(await home.run(["approve", after.id, "session"])).toMatchObject({ status: 0 });
    expect(await pushed).toMatchObject({ status: 0 });
    expect(await home.exec("git", "push", "-q", "origin", "HEAD:refs/heads/later")).toMatchObject({ status: 0 });
  });
});
