import { expect, test } from "bun:test";

import manifest from "../../package.json" with { type: "json" };
import { bench } from "./run.ts";

test.each([
  {
    name: "no command",
    args: [],
    problem: "No command given; the commands are serve, broker, check, explain, test, health, approvals",
    help: "",
  },
  {
    name: "an unknown command",
    args: ["chek", "a"],
    problem: 'Unknown command "chek"; did you mean "check"?',
    help: "",
  },
  { name: "a stray word", args: ["xyzzy"], problem: 'Unknown command "xyzzy"', help: "" },
  {
    name: "an unknown option",
    args: ["check", "a.yaml", "--jsn"],
    problem: 'Unknown option "--jsn"; did you mean "--json"?',
    help: " check",
  },
  { name: "no config", args: ["check"], problem: "No config given; name its YAML file", help: " check" },
  {
    name: "a second config to serve",
    args: ["serve", "a.yaml", "b.yaml"],
    problem: 'Only one config can be given, found also "b.yaml"',
    help: " serve",
  },
  {
    name: "arguments to explain without dashes",
    args: ["explain", "a.yaml", "push"],
    problem: 'Only one config can be given, found also "push"; write the arguments of the tool behind --',
    help: " explain",
  },
  {
    name: "an option without its value",
    args: ["explain", "a.yaml", "--cwd"],
    problem: "The option --cwd needs a value",
    help: " explain",
  },
  {
    name: "an option twice",
    args: ["explain", "a.yaml", "--cwd", "a", "--cwd", "b"],
    problem: "The option --cwd is given twice",
    help: " explain",
  },
  {
    name: "a variable without a name",
    args: ["explain", "a.yaml", "--env", "CI=1", "--env", "=x"],
    problem: 'Cannot read --env "=x": write NAME=VALUE, or NAME for the value that it has here',
    help: " explain",
  },
  {
    name: "a variable that is left out",
    args: ["explain", "a.yaml", "--env", "CI=1", "--env"],
    problem: "The option --env needs a value",
    help: " explain",
  },
  {
    name: "dashes where nothing can follow",
    args: ["check", "a.yaml", "--", "push"],
    problem: 'Nothing can stand behind "--" here',
    help: " check",
  },
])("plugin-server calls $name wrong usage: one line, where help is, and status 2", async ({ args, problem, help }) => {
  await using dir = await bench();
  expect(await dir.run(...args)).toEqual({
    status: 2,
    stdout: "",
    stderr: `plugin-server: ${problem}\nTry \`plugin-server${help} --help\`\n`,
  });
});

test("plugin-server --version prints the version of the package", async () => {
  await using dir = await bench();
  expect(await dir.run("--version")).toEqual({ status: 0, stdout: `plugin-server ${manifest.version}\n`, stderr: "" });
});

test.each([
  {
    args: ["--help"],
    words: ["serve <config>", "check <...configs>", "explain <config>", "test <...configs>", "wrong usage"],
  },
  { args: ["serve", "--help"], words: ["--socket <path>", "PLUGIN_SOCKETS", "PLUGIN_WORKSPACE", "TERM or INT"] },
  { args: ["check", "--help"], words: ["--json", "file:line:column", "Exit status"] },
  { args: ["explain", "--help"], words: ["-- [args…]", "--cwd <dir>", "--env <variable>", "allowed or denied"] },
  { args: ["test", "--help"], words: ["--json", "all cases passed"] },
])("plugin-server $args tells what a person needs, on stdout", async ({ args, words }) => {
  await using dir = await bench();
  const { status, stdout, stderr } = await dir.run(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  for (const word of words) {
    expect(stdout).toContain(word);
  }
});
