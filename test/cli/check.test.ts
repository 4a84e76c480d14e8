import { expect, test } from "bun:test";

import { bench } from "./run.ts";

const BROKEN = "plugn: git\nrules:\n  blocked_commands: [5]\n";
const BROKEN_LINES = [
  'bad.yaml:1:1: Unknown key "plugn" at the top level; did you mean "plugin"?',
  "bad.yaml:3:22: An item of rules.blocked_commands must be a non-empty string, found the number 5; put it in quotes",
];

test("check says that good configs are good", async () => {
  await using dir = await bench({
    "npm.yaml": "plugin: npm\nrules:\n  blocked_commands: [publish]\n",
    "git.yaml": "plugin: git\nrules: { allowed_commands: [log] }\n",
  });
  expect(await dir.run("check", "npm.yaml", "git.yaml")).toEqual({
    status: 0,
    stdout: "npm.yaml: ok (npm)\ngit.yaml: ok (git)\n",
    stderr: "",
  });
});

test("check prints every error of every config to stderr and still judges the others", async () => {
  await using dir = await bench({ "bad.yaml": BROKEN, "good.yaml": "plugin: a\nrules: { allowed_commands: [] }\n" });
  expect(await dir.run("check", "bad.yaml", "good.yaml", "missing.yaml")).toEqual({
    status: 1,
    stdout: "good.yaml: ok (a)\n",
    stderr: [...BROKEN_LINES, "missing.yaml:1:1: Cannot read the config: there is no such file", ""].join("\n"),
  });
});

test("check warns about what is open or missing, and calls the config usable", async () => {
  await using dir = await bench({ "jq.yaml": "plugin: jq\nexec: /nowhere/jq\nroots: [/]\n" });
  expect(await dir.run("check", "jq.yaml")).toEqual({
    status: 0,
    stdout: "jq.yaml: ok (jq)\n",
    stderr: [
      "jq.yaml:1:1: warning: There are no rules: every command is allowed",
      'jq.yaml:2:1: warning: exec names "/nowhere/jq", which is not an executable file here',
      'jq.yaml:3:9: warning: roots has "/": the tool can be called in every folder',
      "",
    ].join("\n"),
  });
});

test("check names the secrets that are not in the folder beside the configs, and looks at no other folder for them", async () => {
  const config = `plugin: git
rules: { allowed_commands: [] }
credentials: { github.com: { file: /run/secrets/github_token }, git.example.com: { file: /run/secrets/there } }
broker: { allowed_repos: [github.com/a/b, git.example.com/a/b], hosts: { git.example.com: { ca_file: /nowhere/ca.pem } } }
`;
  await using dir = await bench({ "config/git.yaml": config, "git.yaml": config, "secrets/there": "" });
  const certificate = ":4:93: warning: /nowhere/ca.pem is not there";
  expect(await dir.run("check", "config/git.yaml")).toMatchObject({
    status: 0,
    stderr: `config/git.yaml:3:30: warning: secrets/github_token is not there: scripts/run.sh secret set github_token
config/git.yaml${certificate}
`,
  });
  expect((await dir.run("check", "git.yaml")).stderr).toBe(`git.yaml${certificate}\n`);
});

test("check --json gives errors and warnings as data", async () => {
  await using dir = await bench({ "bad.yaml": BROKEN, "open.yaml": "plugin: a\n" });
  const { status, stdout, stderr } = await dir.run("check", "--json", "bad.yaml", "open.yaml");
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const [bad, open] = BROKEN_LINES.map((line) => /^(.*?):(\d+):(\d+): (.*)$/.exec(line)).map((match) => ({
    file: match?.[1],
    line: Number(match?.[2]),
    column: Number(match?.[3]),
    message: match?.[4],
  }));
  expect(JSON.parse(stdout)).toEqual({
    ok: false,
    configs: [
      { file: "bad.yaml", ok: false, plugin: null, errors: [bad, open], warnings: [] },
      {
        file: "open.yaml",
        ok: true,
        plugin: "a",
        errors: [],
        warnings: [{ file: "open.yaml", line: 1, column: 1, message: "There are no rules: every command is allowed" }],
      },
    ],
  });
});
