import { expect, test } from "bun:test";

import { parseConfig } from "../../src/policy/load.ts";
import type { Open } from "../../src/protocol/client-messages.ts";
import { adoptedChildren } from "../../src/runtime/adopted.ts";
import type { Host } from "../../src/runtime/host.ts";
import type { Plugin } from "../../src/runtime/plugin.ts";
import { previewOf } from "../../src/runtime/preview.ts";
import { listChildren, readProcess } from "../../src/runtime/processes.ts";
import { waitFor } from "../helpers/wait-for.ts";

const OPEN: Open = {
  tool: "sh",
  cwd: "/tmp",
  args: ["-c", "x"],
  env: new Uint8Array(0),
  terminals: 0,
  window: { rows: 0, columns: 0 },
};

/** What the previews of all tests run: some of it is still ending when the next test begins. */
const tools = new Map<number, string>();

async function preview(find: Plugin["preview"]): Promise<string | null> {
  const plugin: Plugin = { name: "sh", grammar: () => ({ kind: "none" }), ...(find && { preview: find }) };
  const own = { identity: undefined, tools, toolEnded: (): void => {} };
  const host = { ...own, config: parseConfig("plugin: sh", "sh.yaml"), plugin } as unknown as Host;
  return await previewOf(host, OPEN, "/tmp", "m.1");
}

test("previewOf() gives what the plugin says, from the tool run in the folder of the call", async () => {
  expect(await preview(async ({ args, run }) => `${args.join(" ")} ${await run(["-c", "pwd"])}`)).toBe("-c x /tmp\n");
  expect(await preview(undefined)).toBeNull();
  expect(await preview(async () => await Promise.resolve(undefined))).toBeNull();
});

test("previewOf() says that it took too long, and ends what runs", async () => {
  const mark = `9${process.pid}`;
  const text = await preview(async ({ run }) => await run(["-c", `sleep ${mark} & wait`]));
  expect(text).toBe("It took longer than 3 s to find out what this does.");
  expect(Bun.spawnSync(["pgrep", "-f", `sleep ${mark}`]).stdout.toString()).toBe("");
});

test("a tool that fails, or prints without end, says nothing of use", async () => {
  expect(await preview(async ({ run }) => String(await run(["-c", "echo x; exit 1"])))).toBe("undefined");
  expect(await preview(async ({ run }) => String(await run(["-c", "yes"])))).toBe("undefined");
});

test("previewOf() cuts what is too long, and says so; an error is no answer", async () => {
  expect(await preview(async () => await Promise.resolve("x".repeat(20_000)))).toMatch(
    /x\n… and 3616 characters more, which are not shown$/u,
  );
  const fails = async (): Promise<string> => await Promise.reject(new Error("no"));
  expect(await preview(fails)).toBe("It could not be found out what this does.");
});

test("what a preview runs is no orphan to the one who collects those", async () => {
  const text = await preview(async ({ run }) => {
    const before = new Set(listChildren());
    const printed = run(["-c", "echo x"]);
    const [child = 0] = listChildren().filter((pid) => !before.has(pid));
    // Nobody else has a turn before it has ended.
    while (readProcess(child)?.isZombie === false) {
      Bun.sleepSync(1);
    }
    adoptedChildren(tools);
    return await printed;
  });
  expect(text).toBe("x\n");
  await waitFor("all of them have ended", () => tools.size === 0);
});
