import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { GLOBAL_OPTIONS } from "../../plugins/git/global-options.ts";
import { readGitArguments } from "../../plugins/git/grammar.ts";

setDefaultTimeout(60_000);

const UNKNOWN = "git has no such option before the command";
const MISSING = "the value of this option is missing";
const RENAMES = "this configuration can give a command another meaning";

describe("readGitArguments finds the command", () => {
  test.each([
    { line: "status", command: "status" },
    { line: "push", command: "push" },
    { line: "push --force origin main", command: "push" },
    { line: "log -C push", command: "log" },
    { line: "commit -m push", command: "commit" },
    { line: "stash push", command: "stash" },
    { line: "help push", command: "help" },
    { line: "PUSH", command: "PUSH" },
    { line: "-C . push", command: "push" },
    { line: "-C push status", command: "status" },
    { line: "-C -C status", command: "status" },
    { line: "-C a -C b log", command: "log" },
    { line: "-C -- log", command: "log" },
    { line: "-C --help log", command: "log" },
    { line: "-c a.b=c push", command: "push" },
    { line: "-c a.b push", command: "push" },
    { line: "-c push status", command: "status" },
    { line: "-c core.abbrev=8 -c color.ui=always log", command: "log" },
    { line: "-c remote.alias.url=x fetch", command: "fetch" },
    { line: "-c aliases.x=y log", command: "log" },
    { line: "-c help.format=man log", command: "log" },
    { line: "--config-env a.b=C push", command: "push" },
    { line: "--config-env=a.b=C push", command: "push" },
    { line: "--exec-path=/x push", command: "push" },
    { line: "--exec-path= push", command: "push" },
    { line: "-p log", command: "log" },
    { line: "--paginate log", command: "log" },
    { line: "-P log", command: "log" },
    { line: "--no-pager log", command: "log" },
    { line: "--no-replace-objects log", command: "log" },
    { line: "--no-lazy-fetch log", command: "log" },
    { line: "--no-optional-locks status", command: "status" },
    { line: "--no-advice status", command: "status" },
    { line: "--bare log", command: "log" },
    { line: "--git-dir push status", command: "status" },
    { line: "--git-dir=. push", command: "push" },
    { line: "--work-tree . push", command: "push" },
    { line: "--work-tree=. push", command: "push" },
    { line: "--git-dir .git --work-tree=. -P push", command: "push" },
    { line: "--namespace n push", command: "push" },
    { line: "--namespace= push", command: "push" },
    { line: "--super-prefix a/ push", command: "push" },
    { line: "--super-prefix=a/ push", command: "push" },
    { line: "--attr-source HEAD log", command: "log" },
    { line: "--attr-source=HEAD log", command: "log" },
    { line: "--literal-pathspecs add a", command: "add" },
    { line: "--no-literal-pathspecs add a", command: "add" },
    { line: "--glob-pathspecs add a", command: "add" },
    { line: "--noglob-pathspecs add a", command: "add" },
    { line: "--icase-pathspecs add a", command: "add" },
    { line: "--shallow-file f push", command: "push" },
    { line: "-h", command: "help" },
    { line: "--help", command: "help" },
    { line: "--help push", command: "help" },
    { line: "push --help", command: "help" },
    { line: "-C . push --help", command: "help" },
    { line: "push origin --help", command: "push" },
    { line: "push -h", command: "push" },
    { line: "-v", command: "version" },
    { line: "--version", command: "version" },
    { line: "--version push", command: "version" },
    { line: "-C . --version", command: "version" },
    { line: "-p -P -p -P log", command: "log" },
  ])("git $line → $command", ({ line, command }) => {
    expect(readGitArguments(line.split(" "))).toEqual({ kind: "command", command });
  });

  test("even when it is an empty word, or one with blanks", () => {
    expect(readGitArguments([""])).toEqual({ kind: "command", command: "" });
    expect(readGitArguments(["-C", "", "push it"])).toEqual({ kind: "command", command: "push it" });
  });
});

describe("readGitArguments finds no command", () => {
  test.each([
    { name: "bare git", line: [] },
    { name: "options only", line: ["-C", ".", "--no-pager"] },
    { name: "a setting only", line: ["-c", "a.b=c"] },
    { name: "--exec-path, which prints", line: ["--exec-path", "push"] },
    { name: "--html-path, which prints", line: ["--html-path", "push"] },
    { name: "--man-path, which prints", line: ["--man-path", "push"] },
    { name: "--info-path, which prints", line: ["-C", ".", "--info-path", "push"] },
    { name: "--list-cmds=, which prints", line: ["--list-cmds=main", "push"] },
    { name: "--list-cmds= with nothing", line: ["--list-cmds="] },
  ])("in $name", ({ line }) => {
    expect(readGitArguments(line)).toEqual({ kind: "none" });
  });
});

describe("readGitArguments says that it cannot tell", () => {
  test.each([
    { line: "-Cpath push", argument: "-Cpath", why: UNKNOWN },
    { line: "-ca.b=c push", argument: "-ca.b=c", why: UNKNOWN },
    { line: "-C=. push", argument: "-C=.", why: UNKNOWN },
    { line: "-c=a.b push", argument: "-c=a.b", why: UNKNOWN },
    { line: "-pP log", argument: "-pP", why: UNKNOWN },
    { line: "-vv", argument: "-vv", why: UNKNOWN },
    { line: "-hv", argument: "-hv", why: UNKNOWN },
    { line: "-x push", argument: "-x", why: UNKNOWN },
    { line: "- push", argument: "-", why: UNKNOWN },
    { line: "-- push", argument: "--", why: UNKNOWN },
    { line: "--git . push", argument: "--git", why: UNKNOWN },
    { line: "--git-di=. push", argument: "--git-di=.", why: UNKNOWN },
    { line: "--exec /x push", argument: "--exec", why: UNKNOWN },
    { line: "--exec-pathx push", argument: "--exec-pathx", why: UNKNOWN },
    { line: "--bare=1 push", argument: "--bare=1", why: UNKNOWN },
    { line: "--no-pager=1 push", argument: "--no-pager=1", why: UNKNOWN },
    { line: "--html-path=x push", argument: "--html-path=x", why: UNKNOWN },
    { line: "--shallow-file=f push", argument: "--shallow-file=f", why: UNKNOWN },
    { line: "--list-cmds main", argument: "--list-cmds", why: UNKNOWN },
    { line: "--help=push", argument: "--help=push", why: UNKNOWN },
    { line: "--no-bare push", argument: "--no-bare", why: UNKNOWN },
    { line: "--new-option push", argument: "--new-option", why: UNKNOWN },
    { line: "-C", argument: "-C", why: MISSING },
    { line: "-C . -c", argument: "-c", why: MISSING },
    { line: "--git-dir", argument: "--git-dir", why: MISSING },
    { line: "--shallow-file", argument: "--shallow-file", why: MISSING },
    { line: "-c alias.x=push x", argument: "-c alias.x=push", why: RENAMES },
    { line: "-c ALIAS.x=push x", argument: "-c ALIAS.x=push", why: RENAMES },
    { line: "-c alias.x.command=push x", argument: "-c alias.x.command=push", why: RENAMES },
    { line: "-c include.path=f x", argument: "-c include.path=f", why: RENAMES },
    { line: "-c includeIf.gitdir:/.path=f x", argument: "-c includeIf.gitdir:/.path=f", why: RENAMES },
    { line: "-c help.autoCorrect=immediate pusj", argument: "-c help.autoCorrect=immediate", why: RENAMES },
    { line: "--config-env alias.x=E x", argument: "--config-env alias.x=E", why: RENAMES },
    { line: "--config-env=Alias.x=E x", argument: "--config-env=Alias.x=E", why: RENAMES },
    { line: "-C . -c a.b=c -c alias.x=push log", argument: "-c alias.x=push", why: RENAMES },
  ])("git $line", ({ line, argument, why }) => {
    expect(readGitArguments(line.split(" "))).toEqual({ kind: "unclear", argument, why });
  });
});

test("every global option, in every form that git takes, leaves the command behind it readable", () => {
  for (const [name, forms] of GLOBAL_OPTIONS) {
    for (const form of forms) {
      const lines = {
        flag: [[name, "push"]],
        separate: [[name, "x.y=z", "push"]],
        attached: [[`${name}=x.y=z`, "push"]],
        either: [
          [name, "x.y=z", "push"],
          [`${name}=x.y=z`, "push"],
        ],
        prints: [],
      }[form];
      for (const line of lines) {
        expect({ line, reading: readGitArguments(line) }).toEqual({
          line,
          reading: { kind: "command", command: "push" },
        });
      }
    }
  }
});

const token = fc.oneof(
  fc.constantFrom(...[...GLOBAL_OPTIONS.keys()].flatMap((name) => [name, `${name}=x.y`, `${name}=`, `${name}x`])),
  fc.constantFrom("-h", "-v", "--", "-", "--list-cmds=x", "-c", "x.y=z", "alias.x=y", ".", "push", "zzz", "--help"),
);

test("readGitArguments is total, and gives the same answer for the same arguments", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(token, fc.string({ unit: "binary" }))), (args) => {
      const reading = readGitArguments(args);
      expect(["command", "none", "unclear"]).toContain(reading.kind);
      expect(readGitArguments(args)).toEqual(reading);
    }),
  );
});

test("whenever the real git gets as far as an unknown command, the grammar has read that command or refused", () => {
  const option = fc.constantFrom(...GLOBAL_OPTIONS.keys());
  const options = fc.array(fc.oneof(token, option), { maxLength: 4 });
  fc.assert(
    fc.property(options, (prefix) => {
      const args = [...prefix.filter((word) => word !== "push"), "zzz", "yyy"];
      const { stderr } = Bun.spawnSync(["git", ...args], {
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "/usr/bin", HOME: "/nowhere", LC_ALL: "C", GIT_PAGER: "cat" },
        stdin: "ignore",
      });
      const refused = /^git: '(.*)' is not a git command/m.exec(stderr.toString())?.[1];
      const reading = readGitArguments(args);
      if (refused !== undefined && reading.kind !== "unclear") {
        // `zzz --help` becomes `help zzz`, and it is help that does not know zzz.
        const command = args[args.indexOf(refused) + 1] === "--help" ? "help" : refused;
        expect({ args, reading }).toEqual({ args, reading: { kind: "command", command } });
      }
    }),
    { numRuns: 150 },
  );
});
