import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { CLIENT, fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import type { PluginProcess } from "../helpers/plugin.ts";
import { isAlive, isStopped } from "../helpers/processes.ts";
import { hasTmux, Terminal } from "../helpers/tmux.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** A shell that leaves the settings of its terminal alone. */
const PLAIN = "/bin/sh";
/** A shell with job control, which prints "$ " when it waits. */
const INTERACTIVE = "/bin/bash --norc --noprofile -i";

async function openTerminal(plugin: PluginProcess, shell: string = PLAIN): Promise<Terminal> {
  const terminal = await Terminal.open(shell, plugin.workspace, {
    PATH: `${plugin.wrappers}:/usr/local/bin:/usr/bin:/bin`,
    PLUGIN_SOCKETS: `${plugin.folder}/s`,
    PS1: "$ ",
  });
  // What is typed before the prompt is echoed before it, and what a call prints then begins in the prompt's line.
  await terminal.shows(/[$#]$/mu);
  return terminal;
}

/** The pid of the client that runs this tool. */
async function clientPid(plugin: PluginProcess): Promise<number> {
  const child = Bun.spawn(["pgrep", "-f", `^(${CLIENT} .*)?${plugin.tool}$`], { stdout: "pipe" });
  const pids = (await child.stdout.text())
    .trim()
    .split("\n")
    .filter((pid) => pid !== "")
    .map(Number);
  const clients = await Promise.all(pids.map(async (pid) => ({ pid, exe: await readExe(pid) })));
  const found = clients.find(({ exe }) => exe === CLIENT);
  if (found === undefined) {
    throw new Error(`No client runs ${plugin.tool}`);
  }
  return found.pid;
}

/** The pid that the tool says in the file "started" before it prints "waits". */
async function toolPid(plugin: PluginProcess): Promise<number> {
  return await waitFor("the tool says its pid", async () => {
    return (
      existsSync(`${plugin.workspace}/started`) &&
      (Number(await readFile(`${plugin.workspace}/started`, "utf8")) || false)
    );
  });
}

async function readExe(pid: number): Promise<string> {
  return (await Bun.$`readlink /proc/${pid}/exe`.nothrow().text()).trim();
}

describe.skipIf(!hasTmux).each(CARRIERS)("a terminal over $carrier", ({ carrier, stdio }) => {
  test("all three streams are terminals of the right size, and a resize is noticed", async () => {
    await using plugin = await startPlugin({ tool: "terminal", exec: fixture("terminal"), stdio });
    await using terminal = await openTerminal(plugin);
    await terminal.type("terminal; echo status $?");
    const screen = await terminal.shows("size 24 80");
    for (const stream of [0, 1, 2]) {
      expect(screen).toContain(`stream ${stream} is a terminal`);
    }
    await terminal.resize(100, 30);
    await terminal.shows("size 30 100");
    await terminal.type("hello there");
    await terminal.shows("got hello there");
    await terminal.shows("status 0");
    expect(await plugin.carriers()).toEqual([carrier]);
  });

  test.each([
    { redirection: "</dev/null", none: 0 },
    { redirection: "| cat", none: 1 },
    { redirection: "2>/dev/null", none: 2 },
  ])("with $redirection only the other two are terminals", async ({ redirection, none }) => {
    await using plugin = await startPlugin({ tool: "terminal", exec: fixture("terminal"), stdio });
    await using terminal = await openTerminal(plugin);
    await terminal.type(`terminal ${redirection}; echo over`);
    const screen = await terminal.shows(/size/u);
    for (const stream of [0, 1, 2]) {
      expect(screen).toContain(`stream ${stream} is ${stream === none ? "none" : "a terminal"}`);
    }
    if (none !== 0) {
      await terminal.type("typed");
    }
    await terminal.shows(/^over/mu);
  });

  test("the settings are restored when the client is killed while a tool has the terminal in raw mode", async () => {
    await using plugin = await startPlugin({ tool: "raw", exec: fixture("raw"), stdio });
    await using terminal = await openTerminal(plugin);
    const before = await terminal.settings();
    await terminal.type("raw");
    await waitFor("the tool has set its terminal", () => existsSync(`${plugin.workspace}/started`));
    await waitFor("the terminal is raw", async () => (await terminal.settings()) !== before);
    process.kill(await clientPid(plugin), "SIGKILL");
    await waitFor("the settings are as before", async () => (await terminal.settings()) === before);
  });

  test("the settings are as before after an ordinary end and after Ctrl-C", async () => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    await using terminal = await openTerminal(plugin);
    const before = await terminal.settings();
    await terminal.type("waits & wait $!; echo; waits");
    await terminal.press("C-c");
    await terminal.type("echo alive");
    await terminal.shows("alive");
    expect(await terminal.settings()).toBe(before);
  });

  test("Ctrl-C ends the tool, and the shell says 130", async () => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    await using terminal = await openTerminal(plugin, INTERACTIVE);
    await terminal.type("waits; echo status $?");
    const tool = await toolPid(plugin);
    await terminal.shows(/^waits$/mu);
    await terminal.press("C-c");
    await waitFor("the tool is gone", () => !isAlive(tool));
    await terminal.type("echo status $?");
    await terminal.shows("status 130");
  });

  test("Ctrl-C breaks off a loop of the shell around the call", async () => {
    await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio });
    await using terminal = await openTerminal(plugin, INTERACTIVE);
    await terminal.type("for n in 1 2 3; do waits; done");
    const tool = await toolPid(plugin);
    await terminal.shows(/^waits$/mu);
    await terminal.press("C-c");
    await waitFor("the tool is gone", () => !isAlive(tool));
    await terminal.type("echo alive: $?");
    const screen = await terminal.shows("alive: 130");
    expect(screen.match(/^waits$/gmu)).toHaveLength(1);
  });

  test("a line that is typed is echoed once and ends with Ctrl-D", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    await using terminal = await openTerminal(plugin);
    await terminal.type("sh -c 'echo ready >&2; exec cat' >out; echo status $?");
    await terminal.shows(/ready$/mu);
    await terminal.type("typed line");
    await terminal.press("C-d");
    const screen = await terminal.shows("status 0");
    expect(screen.split("typed line")).toHaveLength(2);
    expect(await readFile(`${plugin.workspace}/out`, "utf8")).toBe("typed line\n");
  });

  test("a call in the background of a shell with job control runs to its end", async () => {
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own"), stdio });
    await using terminal = await openTerminal(plugin, INTERACTIVE);
    await terminal.type("minds-its-own well & wait $!; echo status $?");
    await terminal.shows("called with well");
    await terminal.shows("status 0");
  });
});

test.skipIf(!hasTmux)("what a tool changes of the client's own terminal stays changed", async () => {
  await using plugin = await startPlugin({ tool: "stty" });
  await using terminal = await openTerminal(plugin);
  const before = await terminal.settings();
  await terminal.type("stty -ixon susp undef; echo status $?");
  await terminal.shows("status 0");
  const after = await terminal.settings();
  expect(after).not.toBe(before);
});

test.skipIf(!hasTmux)("Ctrl-Z stops a call over descriptors, fg goes on with it", async () => {
  await using plugin = await startPlugin({ tool: "waits", exec: fixture("waits"), stdio: "auto" });
  await using terminal = await openTerminal(plugin, INTERACTIVE);
  await terminal.type("waits");
  const tool = await toolPid(plugin);
  await terminal.shows(/^waits$/mu);
  await terminal.press("C-z");
  await terminal.shows("Stopped");
  await waitFor("the tool is stopped", () => isStopped(tool));
  await terminal.type("fg");
  await waitFor("the tool goes on", () => !isStopped(tool));
  await terminal.press("C-c");
  await waitFor("the tool is gone", () => !isAlive(tool));
});

test.skipIf(!hasTmux)("a tool that asks its terminal by name, /dev/tty, is answered over frames", async () => {
  await using plugin = await startPlugin({ tool: "sh", stdio: "relay" });
  await using terminal = await openTerminal(plugin);
  await terminal.type("sh -c 'echo asked >/dev/tty; read -r line </dev/tty; echo got $line' | cat");
  await terminal.shows(/asked$/mu);
  await terminal.type("it");
  // The terminal's echo and the tool's stdout are two streams here, and the echo's end of line can come second.
  await terminal.shows(/got it$/mu);
});

test.skipIf(!hasTmux)(
  "over descriptors the terminal is the client's, so it does not control the tool and has no name for it",
  async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio: "auto" });
    await using terminal = await openTerminal(plugin);
    await terminal.type("sh -c 'test -t 0 && echo typed; echo asked >/dev/tty'; echo status $?");
    await terminal.shows(/^typed$/mu);
    await terminal.shows(/No such device or address[^]*status [12]$/mu);
  },
);
