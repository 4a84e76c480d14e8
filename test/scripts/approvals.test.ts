import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { waitFor } from "../helpers/wait-for.ts";
import { push, remoteLog, startAskingHome } from "./approvals-home.ts";
import { TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

let home: TemporaryHome;
beforeAll(async () => {
  home = await startAskingHome();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

/** `run.sh approvals` with somebody who types. */
class View implements AsyncDisposable {
  readonly #child = Bun.spawn([`${import.meta.dir}/../../scripts/run.sh`, "approvals"], {
    cwd: home.project,
    env: home.environment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  #text = "";

  constructor() {
    void this.#read();
  }

  async shows(what: string | RegExp): Promise<string> {
    try {
      return await waitFor(
        `it shows ${what}`,
        () => {
          const isThere = typeof what === "string" ? this.#text.includes(what) : what.test(this.#text);
          return isThere && this.#text;
        },
        15_000,
      );
    } catch (cause) {
      throw new Error(`It shows no ${what}:\n${this.#text}`, { cause });
    }
  }

  type(line: string): void {
    void this.#child.stdin.write(`${line}\n`);
    void this.#child.stdin.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    void this.#child.stdin.end();
    await this.#child.exited;
  }

  async #read(): Promise<void> {
    for await (const chunk of this.#child.stdout) {
      this.#text += Buffer.from(chunk).toString();
    }
  }
}

async function listed(): Promise<{ readonly id: string; readonly line: string }[]> {
  const { stdout } = await home.run(["approvals", "--json"]);
  return JSON.parse(stdout) as { id: string; line: string }[];
}

test("the terminal shows what waits, takes answers, and tells what came of each", async () => {
  await using view = new View();
  await view.shows("Nothing keeps git from answering for itself here");
  view.type("y");
  await view.shows("Nothing waits");
  await using first = push(home, "origin", "main");
  const shown = await view.shows("y 1 approve once, s 1 approve for this session, n 1 WORD deny");
  expect(shown).toContain("[1] git push origin main\n    folder    ");
  expect(shown).toMatch(/rule +ask-push \(git\.yaml:3:5\): it leaves this machine\n/u);
  expect(shown).toContain("    |  src/parser.ts | 40 +++");
  await using second = push(home, "origin", "main:second");
  await view.shows(/\n\[2\]/u);
  view.type("y");
  await view.shows("Which one? y 1 or y 2");
  view.type("maybe");
  await view.shows("Write y, s or n WORD");
  view.type("n 7 no");
  await view.shows("There is no question 7");
  view.type("n 2 on no account");
  expect((await second.finished).stderr).toContain("on no account");
  await view.shows(/\[2\] denied by .+: on no account/u);
  await Bun.sleep(1000);
  view.type("y");
  expect((await first.finished).status).toBe(0);
  await view.shows(/\[1\] approved once by /u);
  expect(remoteLog(home, "main")).toBe("Add the parser\nfirst\n");
});

test("a yes that is typed just as a question comes is no answer to it", async () => {
  await using view = new View();
  await view.shows("Waiting for questions");
  await using asked = push(home, "origin", "main:quick");
  await view.shows(/\[1\] git push origin main:quick/u);
  view.type("y");
  await view.shows("has only just come");
  view.type("n 1");
  expect((await asked.finished).status).toBe(126);
});

test("a terminal that is there when another answers, or when the caller goes, says so", async () => {
  await using view = new View();
  await view.shows("Waiting for questions");
  await using asked = push(home, "origin", "main:third");
  await view.shows(/\[1\]/u);
  const [question] = await listed();
  expect(await home.run(["deny", question?.id ?? "", "by", "a", "program"])).toMatchObject({ status: 0, stderr: "" });
  await view.shows(/\[1\] denied by .+: by a program/u);
  expect((await asked.finished).stderr).toContain("by a program");
  await using gone = push(home, "origin", "main:fourth");
  await view.shows(/\[2\]/u);
  await gone[Symbol.asyncDispose]();
  await view.shows(/\[2\] whoever called does not wait any more/u);
});

test("programs see what waits, approve for the session, and are told when that is too late or wrong", async () => {
  expect(await listed()).toEqual([]);
  await using asked = push(home, "origin", "other");
  const { id } = await waitFor("it waits", async () => (await listed())[0], 15_000);
  expect(await home.run(["approve", id, "forever"])).toMatchObject({ status: 2 });
  expect(await home.run(["approve", id, "session"])).toEqual({ stdout: "", stderr: "", status: 0 });
  expect((await asked.finished).status).toBe(0);
  expect(await home.run(["deny", id, "late"])).toMatchObject({ status: 1, stderr: expect.stringContaining("already") });
  expect(await home.run(["approve", "git-00000000"])).toMatchObject({ status: 1 });
  expect(await home.run(["approve", "nothing-00000000"])).toMatchObject({ status: 1 });
  expect(await home.run(["approve"])).toMatchObject({ status: 2 });
});

test("approvals of a home where nothing runs says what to start", async () => {
  await using other = await TemporaryHome.create();
  await other.install();
  expect(await other.run(["approvals"])).toMatchObject({ status: 1, stderr: expect.stringContaining("run.sh start") });
  expect((await other.run(["approvals", "--json"])).stdout).toBe("[]\n");
});

test("status says how many calls wait for a person, and where to answer", async () => {
  await using first = push(home, "origin", "main:one");
  await waitFor("it waits", async () => (await listed()).length === 1);
  const line = async (): Promise<string> => (await home.run(["status"])).stdout;
  expect(await line()).toMatch(/^git +ready .* 1 call waits for an answer; scripts\/run\.sh approvals$/mu);
  await using second = push(home, "origin", "main:two");
  await waitFor("two wait", async () => (await listed()).length === 2);
  expect(await home.status()).toMatchObject({
    git: { state: "ready", questions: 2, reason: "2 calls wait for an answer", next: "scripts/run.sh approvals" },
  });
  for (const { id } of await listed()) {
    await home.run(["deny", id]);
  }
  await Promise.all([first, second].map(async ({ finished }) => await finished));
  expect(await home.status()).toMatchObject({ git: { state: "ready", questions: 0, reason: null, next: null } });
});
