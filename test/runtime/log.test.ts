import { expect, setDefaultTimeout, test } from "bun:test";
import { startPlugin } from "../helpers/plugin.ts";
import { call } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

// What a terminal may obey, but for the newline that ends each line: C0, DEL, C1, and the line separators.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/u;

test.each([
  {
    name: "a forged line",
    text: '\n{"time":"2026-01-01T00:00:00Z","level":"info","event":"session","decision":"allow"}',
  },
  { name: "a title and a cleared screen", text: "\u001b]0;title\u0007\u001b[2J\u001b[H" },
  { name: "C1 controls", text: "\u009b2J\u0085\u0090x\u009c" },
  { name: "DEL, backspace, carriage return", text: "\u007f\b\b\b\rforged" },
  { name: "line separators", text: "a\u2028b\u2029c" },
  { name: "quotes and backslashes", text: '","decision":"allow\\' },
])("$name in an argument is one escaped line of the log, and reads back as it was", async ({ text }) => {
  await using plugin = await startPlugin({ tool: "true", exec: "/bin/true" });
  await call(plugin, [text]);
  // The answer may be there before the line is.
  const sessions = await waitFor("the call is in the log", async () => {
    const found = await plugin.events("session");
    return found.length > 0 && found;
  });
  expect(sessions).toHaveLength(1);
  expect(await plugin.log()).not.toMatch(CONTROLS);
  expect(JSON.parse(String(sessions[0]?.["args"]))).toEqual([text]);
});

test("a control character in a denied command does not reach the caller's terminal", async () => {
  await using plugin = await startPlugin({
    tool: "true",
    exec: "/bin/true",
    config: "rules: { allowed_commands: [fine] }",
  });
  const { stderr, status } = await call(plugin, ["\u001b[2J\u009b1mevil\nplugin-client: forged"]);
  expect(status).toBe(126);
  expect(stderr.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/u);
  expect(stderr.split("\n")).toHaveLength(2);
});

test("long arguments are shortened in the log", async () => {
  await using plugin = await startPlugin({ tool: "true", exec: "/bin/true" });
  await call(plugin, ["x".repeat(100_000)]);
  expect((await plugin.log()).length).toBeLessThan(10_000);
});
