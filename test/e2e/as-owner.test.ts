import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Approver } from "../helpers/approver.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { isAlive } from "../helpers/processes.ts";
import { call, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

setDefaultTimeout(20_000);

const OWNER = { uid: 12_345, gid: 54_321 };
const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  console.log("as-owner.test.ts: skipped, for only root can start a plugin that acts for somebody else");
}

describe.skipIf(!isRoot).each(CARRIERS)(
  "a plugin of root's in a workspace of somebody else, over $carrier",
  ({ stdio }) => {
    test("runs the tool as the workspace's owner, with no other group and no capability", async () => {
      await using plugin = await startPlugin({ tool: "sh", stdio, owner: OWNER });
      const { stdout } = await call(plugin, [
        "-c",
        "grep -E '^(Uid|Gid|Groups|CapPrm|CapEff)' /proc/self/status; : >made",
      ]);
      expect(stdout.split("\n").map((line) => line.trim().split(/\s+/u))).toEqual([
        ["Uid:", ...Array<string>(4).fill(String(OWNER.uid))],
        ["Gid:", ...Array<string>(4).fill(String(OWNER.gid))],
        ["Groups:"],
        ["CapPrm:", "0".repeat(16)],
        ["CapEff:", "0".repeat(16)],
        [""],
      ]);
      const { uid, gid } = statSync(`${plugin.workspace}/made`);
      expect({ uid, gid }).toEqual(OWNER);
    });

    test("ends what a lost client leaves behind, children in other sessions too", async () => {
      await using plugin = await startPlugin({ tool: "sh", stdio, owner: OWNER, config: "limits: { grace: 200ms }" });
      const running = startCall(plugin, ["-c", "setsid sh -c 'echo $$ >child; exec sleep 300' & exec sleep 300"]);
      const pid = await waitFor("the child runs", () => Number(textOf(`${plugin.workspace}/child`)) || undefined);
      running.kill("SIGKILL");
      await waitFor("the child is gone", () => !isAlive(pid), 3000);
    });
  },
);

test.skipIf(!isRoot)("the pipes of the frames carrier are the owner's, who may open /dev/stderr", async () => {
  await using plugin = await startPlugin({ tool: "sh", stdio: "relay", owner: OWNER });
  expect(await call(plugin, ["-c", "echo out | cat; echo err >/dev/stderr"])).toEqual({
    status: 0,
    stdout: "out\n",
    stderr: "err\n",
  });
});

test.skipIf(!isRoot)("a plugin that acts for somebody else sees the workspace with that user's eyes", async () => {
  await using plugin = await startPlugin({ tool: "pwd", owner: OWNER, config: "roots: [/]" });
  const { stderr } = await call(plugin, [], { cwd: "/root" });
  expect(stderr).toMatch(/^plugin-client: Cannot work in "\/root": |^plugin-client: Cannot start /u);
  expect((await call(plugin, [])).stdout).toBe(`${plugin.workspace}\n`);
});

test.skipIf(!isRoot)("the socket belongs to the owner, and is nobody else's to use", async () => {
  await using plugin = await startPlugin({ tool: "pwd", owner: OWNER });
  const { uid, gid, mode } = statSync(plugin.socket);
  expect({ uid, gid, mode: mode & 0o777 }).toEqual({ ...OWNER, mode: 0o600 });
});

test.skipIf(!isRoot)("a config that only its owner may read is read, also after a change", async () => {
  await using plugin = await startPlugin({ tool: "git", owner: OWNER });
  await writeFile(plugin.config, "plugin: git\nrules: { blocked_commands: [version] }\n");
  expect((await call(plugin, ["version"])).status).toBe(126);
});

test.skipIf(!isRoot)(
  "the socket for approvals is the daemon's own, out of the tool's reach, and approvers know",
  async () => {
    await using plugin = await startPlugin({ tool: "sh", owner: OWNER, approvals: true });
    const { uid, gid, mode } = statSync(plugin.approvals);
    expect({ uid, gid, mode: mode & 0o777 }).toEqual({ uid: 0, gid: 0, mode: 0o600 });
    expect((await new Approver(plugin).state()).isGuarded).toBe(true);
    const { stderr } = await call(plugin, [
      "-c",
      `ls ${plugin.folder}/a; ls /proc/${plugin.pid}/root/ /proc/${plugin.pid}/fd`,
    ]);
    expect(stderr.match(/Permission denied/gu)).toHaveLength(3);
  },
);

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
