import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFile } from "node:fs/promises";

import { fixture } from "../helpers/executables.ts";
import { hasTmux } from "../helpers/tmux.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

describeWithEngine("run.sh exec in a terminal", () => {
  describe.skipIf(!hasTmux)("of somebody who types", () => {
    let home: Installation;

    beforeAll(async () => {
      home = await Installation.make();
      expect(await home.run(["start"])).toMatchObject({ status: 0 });
      await home.makeRepository("first words");
      await home.write(`${home.project}/looks`, await readFile(fixture("terminal"), "utf8"));
      await home.write(`${home.project}/forty`, Array.from({ length: 40 }, (_, n) => `${n + 1}\n`).join(""));
      expect(await home.exec("git", "add", "forty")).toMatchObject({ status: 0 });
      expect(await home.exec("git", "commit", "-qm", "Count")).toMatchObject({ status: 0 });
      // Whatever follows is run by git in the plugin's container.
      await home.allowAlias("run", "!sh");
      await home.write(`${home.project}/package.json`, '{ "scripts": { "dev": "node server.js" } }\n');
      await home.write(`${home.project}/server.js`, SERVER);
      expect(await home.script("add-tool.sh", ["npm"])).toMatchObject({ status: 0 });
    });

    afterAll(async () => {
      await home[Symbol.asyncDispose]();
    });

    test.each([
      { where: "a command in the agent's container", command: "sh ./looks" },
      { where: "what a tool runs in its plugin's", command: "git run ./looks" },
    ])(
      "$where has the caller's terminal in its size, notices a resize, and gives its status back",
      async ({ command }) => {
        await using terminal = await home.terminal();
        const before = await terminal.settings();
        await terminal.type(`$RUN exec ${command}; echo status $?`);
        const screen = await terminal.shows("size 24 80");
        for (const stream of [0, 1, 2]) {
          expect(screen).toContain(`stream ${stream} is a terminal`);
        }
        await terminal.resize(100, 30);
        await terminal.shows("size 30 100");
        await terminal.type("hello there");
        await terminal.shows(/got hello there$/mu);
        await terminal.shows("status 0");
        expect(await terminal.settings()).toBe(before);
        await terminal.type(`$RUN exec sh -c 'exit 42'; echo status $?`);
        await terminal.shows("status 42");
      },
    );

    test.each([
      { where: "a command in the agent's container", prefix: "", service: "claude" },
      { where: "a tool in its plugin's", prefix: "git run -c ", service: "git-plugin" },
    ])("Ctrl-C ends $where, and the caller's shell sees 130", async ({ prefix, service }) => {
      await using terminal = await home.terminal();
      const before = await terminal.settings();
      const script = `'echo $$ >started; echo waits; exec sleep 1000'`;
      await terminal.type(`$RUN exec ${prefix === "" ? "sh -c " : prefix}${script}; echo status $?`);
      await terminal.shows(/^waits$/mu);
      const pid = (await readFile(`${home.project}/started`, "utf8")).trim();
      const container = await home.container(service);
      const isThere = async (): Promise<boolean> =>
        (await home.docker("exec", container, "sh", "-c", `test -e /proc/${pid} && echo yes`)) !== "";
      expect(await isThere()).toBe(true);
      await terminal.press("C-c");
      await terminal.shows("status 130");
      await waitFor("it is gone", async () => !(await isThere()), 30_000);
      expect(await terminal.settings()).toBe(before);
      expect(await home.status()).toMatchObject({ git: { state: "ready", sessions: 0 } });
    });

    test("a dev server of npm's serves until Ctrl-C, closes what it has open, and leaves nothing behind", async () => {
      await using terminal = await home.terminal();
      await terminal.type("$RUN exec npm run dev; echo status $?");
      await terminal.shows(/^served$/mu);
      const plugin = await home.container("npm-plugin");
      const servers = async (): Promise<string> => await home.docker("exec", plugin, "sh", "-c", "pgrep node; true");
      expect(await servers()).not.toBe("");
      await terminal.press("C-c");
      await terminal.shows(/closed$/mu);
      await terminal.shows(/status (0|130)/u);
      await waitFor("it is gone", async () => (await servers()) === "", 30_000);
    });

    test("git add -p asks for each hunk and stages what was chosen", async () => {
      await using terminal = await home.terminal();
      const changed = (await readFile(`${home.project}/forty`, "utf8"))
        .replace(/^3$/m, "three")
        .replace(/^33$/m, "more");
      await home.write(`${home.project}/forty`, changed);
      await terminal.type("$RUN exec git add -p; echo status $?");
      await terminal.shows(/\(1\/2\) Stage this hunk/u);
      await terminal.type("n");
      await terminal.shows(/\(2\/2\) Stage this hunk/u);
      await terminal.type("y");
      await terminal.shows("status 0");
      expect((await home.exec("git", "diff", "--cached", "-U0")).stdout).toEndWith("-33\n+more\n");
    });

    test("git log pages, and q ends the pager", async () => {
      await using terminal = await home.terminal();
      const many = "for n in 1 2 3 4 5 6 7 8; do git commit -q --allow-empty -m number-$n; done";
      expect(await home.exec("sh", "-c", many)).toMatchObject({ status: 0 });
      await terminal.type("$RUN exec git log; echo status $?");
      await terminal.shows(/^:$/mu);
      await terminal.press("Space");
      await terminal.shows("number-3");
      await terminal.press("q");
      await terminal.shows("status 0");
    });
  });
});

/** It asks itself, for nobody else can reach it. */
const SERVER = `
const server = require("node:http").createServer((_, answer) => answer.end("served"));
server.listen(0, "127.0.0.1", async () => {
  const answer = await fetch("http://127.0.0.1:" + server.address().port, { headers: { connection: "close" } });
  console.log(await answer.text());
});
process.once("SIGINT", () => server.close(() => console.log("closed")));
`;
