import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { MARK } from "../../src/runtime/adopted.ts";
import { adoptOrphans } from "../../src/runtime/libc.ts";
import { ticksNow } from "../../src/runtime/processes.ts";
import { terminate as terminateFamily } from "../../src/runtime/terminate.ts";
import { isAlive } from "../helpers/processes.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

adoptOrphans();

const GRACE_MS = 300;
let marks = 0;

/** Runs a script as a tool is run, until it has written `count` pids to the file "pids". */
async function tool(
  script: string,
  count: number,
): Promise<{ family: Parameters<typeof terminateFamily>[0]; pids: number[] }> {
  const folder = await mkdtemp(`${tmpdir()}/te-`);
  const mark = `terminate-test-${process.pid}-${(marks += 1)}`;
  const bornAfterTicks = ticksNow();
  const child = Bun.spawn(["/bin/sh", "-c", script], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", [MARK]: mark },
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  const pids = await waitFor("the tool's processes say their pids", () => {
    try {
      const found = readFileSync(`${folder}/pids`, "utf8").trim().split("\n").map(Number);
      // A file that was made and not written yet holds no pid.
      return found.length === count && found.every((pid) => pid > 0) && found;
    } catch {
      return false;
    }
  });
  await rm(folder, { recursive: true });
  const ended = child.exited.then((code) => ({ code }));
  return { family: { tool: { pid: child.pid, ended }, mark, bornAfterTicks }, pids };
}

/** The next test must find no child that this process has not collected itself: it would be taken for an orphan. */
async function terminate(...[family, graceMs, tools]: Parameters<typeof terminateFamily>): Promise<void> {
  await terminateFamily(family, graceMs, tools);
  await family.tool.ended;
}

const SAY = "echo $$ >>pids; exec sleep 300";

test.each([
  { name: "a plain tool", script: SAY, count: 1 },
  { name: "a child in the group", script: `sh -c '${SAY}' & ${SAY}`, count: 2 },
  { name: "a child in a session of its own", script: `setsid sh -c '${SAY}' & ${SAY}`, count: 2 },
  { name: "a child whose parent has gone", script: `(setsid sh -c '${SAY}' &) ; ${SAY}`, count: 2 },
  { name: "a child without environment", script: `env -i setsid sh -c '${SAY}' & ${SAY}`, count: 2 },
  { name: "a child without environment and parent", script: `(env -i setsid sh -c '${SAY}' &); ${SAY}`, count: 2 },
  {
    name: "grandchildren of one that has neither",
    script: `(env -i setsid sh -c 'sh -c "echo \\$\\$ >>pids; exec sleep 300" & ${SAY}' &); ${SAY}`,
    count: 3,
  },
])("terminate() ends $name", async ({ script, count }) => {
  const { family, pids } = await tool(script, count);
  expect(pids.filter(isAlive)).toEqual(pids);
  await terminate(family, GRACE_MS, new Map([[family.tool.pid, family.mark]]));
  await waitFor("all are gone", () => !pids.some(isAlive), 1000);
});

test("terminate() lets a tool clean up within the grace, and does not wait any longer than that takes", async () => {
  const { family } = await tool(
    `trap 'echo cleaned >&2; exit 0' TERM; echo $$ >>pids; while :; do sleep 0.02; done`,
    1,
  );
  const startedMs = performance.now();
  await terminate(family, 10_000, new Map([[family.tool.pid, family.mark]]));
  expect(performance.now() - startedMs).toBeLessThan(5000);
  expect(await family.tool.ended).toEqual({ code: 0 });
});

test("terminate() kills what ignores TERM when the grace is over", async () => {
  const { family, pids } = await tool(`trap '' TERM HUP INT; echo $$ >>pids; while :; do sleep 0.02; done`, 1);
  await terminate(family, GRACE_MS, new Map([[family.tool.pid, family.mark]]));
  expect(pids.some(isAlive)).toBe(false);
});

test("terminate() ends a stopped tool", async () => {
  const { family, pids } = await tool(SAY, 1);
  process.kill(family.tool.pid, "SIGSTOP");
  await terminate(family, GRACE_MS, new Map([[family.tool.pid, family.mark]]));
  expect(pids.some(isAlive)).toBe(false);
});

test("terminate() leaves other tools, their children, and processes from before alone", async () => {
  const before = Bun.spawn(["sleep", "300"], { stdio: ["ignore", "ignore", "ignore"] });
  const other = await tool(`(setsid sh -c '${SAY}' &); ${SAY}`, 2);
  const { family, pids } = await tool(`setsid sh -c '${SAY}' & ${SAY}`, 2);
  const tools = new Map([
    [family.tool.pid, family.mark],
    [other.family.tool.pid, other.family.mark],
    [before.pid, "before"],
  ]);
  await terminate(family, GRACE_MS, tools);
  expect(pids.some(isAlive)).toBe(false);
  expect([...other.pids, before.pid].filter(isAlive)).toHaveLength(3);
  before.kill();
  await before.exited;
  await terminate(other.family, GRACE_MS, tools);
  expect(other.pids.some(isAlive)).toBe(false);
});
