import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { writtenBytes } from "../helpers/processes.ts";
import { call, start } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const MAX_GROWTH_MIB = 30;

/** Resolves with the pid in `file` when that process has not written anything for several looks. */
async function whenBlocked(plugin: PluginProcess, file: string): Promise<number> {
  const path = `${plugin.workspace}/${file}`;
  await waitFor(`there is ${file}`, () => existsSync(path));
  const pid = Number(await readFile(path, "utf8"));
  let last = -1;
  let same = 0;
  await waitFor("the writer is blocked", async () => {
    const written = writtenBytes(pid);
    same = written === last && written > 0 ? same + 1 : 0;
    last = written;
    await Bun.sleep(20);
    return same >= 10;
  });
  return pid;
}

describe.each(CARRIERS)("resident memory over $carrier", ({ carrier, stdio }) => {
  test("stays flat while 1 GiB waits on a tool that never reads its stdin", async () => {
    await using plugin = await startPlugin({ tool: "deaf", exec: fixture("deaf"), stdio });
    await writeFile(`${plugin.workspace}/go`, "");
    await call(plugin, []);
    const before = plugin.residentMiB();
    const script = `rm go started; { sh -c 'echo $$ >writer; exec head -c 1G /dev/zero'; } | deaf; echo "\${PIPESTATUS[@]}"`;
    const running = start(plugin, ["bash", "-c", script]);
    const writer = await whenBlocked(plugin, "writer");
    expect(plugin.residentMiB() - before).toBeLessThan(MAX_GROWTH_MIB);
    expect(writtenBytes(writer)).toBeLessThan(8 * 1024 * 1024);
    await writeFile(`${plugin.workspace}/go`, "");
    // The tool ends, and with it the client: the writer is told by SIGPIPE.
    expect(await running.finished).toEqual({ stdout: "done\n141 0\n", stderr: "", status: 0 });
    expect(await plugin.carriers()).toEqual([carrier, carrier]);
  }, 20_000);

  test("stays flat while nobody reads 512 MiB of stdout, and all of it arrives afterwards", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    // As much as it takes until the garbage of a busy relay has found its size.
    await call(plugin, ["-c", "head -c 256M /dev/zero"]);
    const before = plugin.residentMiB();
    const writer = "sh -c 'echo $$ >writer; exec head -c 512M /dev/zero'";
    const script = `${writer} | { head -c 1M | wc -c; until [ -e go ]; do sleep 0.02; done; wc -c; }; echo "\${PIPESTATUS[0]}"`;
    const running = start(plugin, ["bash", "-c", script]);
    const tool = await whenBlocked(plugin, "writer");
    expect(plugin.residentMiB() - before).toBeLessThan(MAX_GROWTH_MIB);
    expect(writtenBytes(tool)).toBeLessThan(32 * 1024 * 1024);
    await writeFile(`${plugin.workspace}/go`, "");
    expect(await running.finished).toEqual({ stdout: "1048576\n535822336\n0\n", stderr: "", status: 0 });
    expect(plugin.residentMiB() - before).toBeLessThan(MAX_GROWTH_MIB);
  }, 30_000);
});
