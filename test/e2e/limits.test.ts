import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { fixture } from "../helpers/executables.ts";
import { startPlugin } from "../helpers/plugin.ts";
import { call } from "../helpers/shell.ts";

test("a call that moves no data for limits.idle is ended, and the client says why", async () => {
  const config = "limits: { idle: 1s, grace: 200ms }";
  await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio: "relay", config });
  const { stderr, status } = await call(plugin, []);
  expect(status).toBe(125);
  expect(stderr).toMatch(/^plugin-client: waits moved no data for 1000 ms, which is limits\.idle, and was ended\n$/u);
});

test("a call that moves data, however slowly, is not idle", async () => {
  await using plugin = await startPlugin({ tool: "sh", stdio: "relay", config: "limits: { idle: 1s }" });
  const script = "for n in 1 2 3 4 5 6; do sleep 0.4; echo $n; done";
  expect(await call(plugin, ["-c", script])).toEqual({ stdout: "1\n2\n3\n4\n5\n6\n", stderr: "", status: 0 });
});

test("a user that access.uids does not list is refused, and nothing runs", async () => {
  const uid = process.getuid?.() ?? 0;
  await using plugin = await startPlugin({ tool: "sh", config: `access: { uids: [${uid + 1}] }` });
  const { stdout, stderr, status } = await call(plugin, ["-c", "echo ran"]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 125 });
  expect(stderr).toBe(
    `plugin-client: User ${uid} may not use the sh plugin; its config lists who may in access.uids\n`,
  );
});

test("a user that access.uids lists is served", async () => {
  await using plugin = await startPlugin({ tool: "sh", config: `access: { uids: [${process.getuid?.() ?? 0}] }` });
  expect((await call(plugin, ["-c", "echo ran"])).stdout).toBe("ran\n");
});

test.each([
  { config: "", mode: 0o600 },
  { config: 'access: { mode: "0660" }', mode: 0o660 },
])("the socket has mode $mode with $config", async ({ config, mode }) => {
  await using plugin = await startPlugin({ tool: "sh", config });
  expect(statSync(plugin.socket).mode & 0o777).toBe(mode);
});
