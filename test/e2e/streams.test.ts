import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { fixture } from "../helpers/executables.ts";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { call, shell, shellDirect, startCall } from "../helpers/shell.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

const LINES = "one\ntwo\nthree\nfour\nfive\n";

describe.each(CARRIERS)("standard streams over $carrier", ({ carrier, stdio }) => {
  test.each([
    { from: "a file to a pipe", script: "cat <in | sha256sum" },
    { from: "a pipe to a pipe", script: "head -c 64M in | cat | sha256sum" },
    { from: "a pipe to a file", script: "head -c 64M in | cat >out; sha256sum <out" },
  ])(
    "64 MiB of binary data arrive unchanged, from $from",
    async ({ script }) => {
      await using plugin = await startPlugin({ tool: "cat", stdio });
      const { stdout: expected } = await shellDirect(plugin, "head -c 64M /dev/urandom >in; sha256sum <in");
      expect(await shell(plugin, script)).toEqual({ stdout: expected, stderr: "", status: 0 });
      expect(await plugin.carriers()).toEqual([carrier]);
    },
    30_000,
  );

  test("stdout and stderr stay apart, and each is exact", async () => {
    await using plugin = await startPlugin({ tool: "two-streams", exec: fixture("two-streams"), stdio });
    const direct = await shellDirect(plugin, "two-streams");
    expect(direct.stdout.split("\n")).toHaveLength(11);
    expect(await shell(plugin, "two-streams")).toEqual(direct);
    expect(await shell(plugin, "two-streams | cat")).toEqual(direct);
    expect(await shell(plugin, "two-streams 2>&1 >/dev/null")).toEqual({
      stdout: direct.stderr,
      stderr: "",
      status: 0,
    });
  });

  test("both streams at once, 16 MiB each, lose nothing", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const writer = "sh -c 'head -c 16M /dev/zero & head -c 16M /dev/zero >&2; wait'";
    const script = `{ ${writer} 2>&3 | wc -c >out; } 3>&1 | wc -c >err; cat out err`;
    const { stdout } = await shellDirect(plugin, script);
    expect(stdout).toBe("16777216\n16777216\n");
    expect(await shell(plugin, script)).toEqual({ stdout, stderr: "", status: 0 });
  }, 20_000);

  test("a loop that reads a file line by line sees every line, whatever the tool in it does with stdin", async () => {
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own"), stdio });
    await writeFile(`${plugin.workspace}/list`, LINES);
    const script = "while read -r line; do minds-its-own $line; done <list";
    const { stdout, status } = await shell(plugin, script);
    expect({ stdout, status }).toEqual({ stdout: LINES.replaceAll(/^/gmu, "called with ").slice(0, -12), status: 0 });
  });

  test("a loop over a file of 300 kB sees every line", async () => {
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own"), stdio });
    const script = `for n in 1 2 3 4 5 6 7 8; do head -c 40000 /dev/zero | tr '\\0' x; echo $n; done >list
while read -r line; do minds-its-own >/dev/null; echo \${line: -1}; done <list`;
    expect((await shell(plugin, script)).stdout).toBe("1\n2\n3\n4\n5\n6\n7\n8\n");
  });

  test("a tool that takes the first line of a file leaves the others to the next reader", async () => {
    await using plugin = await startPlugin({ tool: "first-line", exec: fixture("first-line"), stdio });
    await writeFile(`${plugin.workspace}/list`, LINES);
    const script = "{ first-line; first-line; cat; } <list";
    const direct = await shellDirect(plugin, script);
    expect(direct.stdout).toBe("took one\ntook two\nthree\nfour\nfive\n");
    expect(await shell(plugin, script)).toEqual(direct);
  });

  test.each([
    { name: "closed", script: "cat <&-; echo $?" },
    { name: "/dev/null", script: "cat </dev/null; echo $?" },
    { name: "an empty pipe", script: "true | cat; echo $?" },
    { name: "an empty file", script: ": >empty; cat <empty; echo $?" },
  ])("a tool with $name for stdin reads nothing and ends", async ({ script }) => {
    await using plugin = await startPlugin({ tool: "cat", stdio });
    const { stdout, status } = await shell(plugin, script);
    // With a closed stdin cat itself fails directly; through us it reads an empty stream (SPEC.md, section 8.1).
    expect({ stdout, status }).toEqual({ stdout: "0\n", status: 0 });
  });

  test.each([
    { name: "stdout", script: "exit-with 3 >&-; echo $?" },
    { name: "stderr", script: "exit-with 3 2>&-; echo $?" },
    { name: "all three streams", script: "exit-with 3 <&- >&- 2>&-; echo $?" },
  ])("a call with a closed $name has the tool's status", async ({ script }) => {
    await using plugin = await startPlugin({ tool: "exit-with", exec: fixture("exit-with"), stdio });
    expect((await shell(plugin, script)).stdout).toBe("3\n");
  });

  test("a stdin that is a folder ends in frames, and the tool runs", async () => {
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own"), stdio });
    expect(await shell(plugin, "minds-its-own well </")).toEqual({
      stdout: "called with well\n",
      stderr: "",
      status: 0,
    });
    expect(await plugin.carriers()).toEqual(["frames"]);
  });

  test("a script may open its streams by name: /dev/stderr, /dev/stdout, /dev/stdin", async () => {
    await using plugin = await startPlugin({ tool: "open-streams", exec: fixture("open-streams"), stdio });
    const script = "echo input | open-streams | cat; open-streams <in >>out 2>>err; cat out err";
    await writeFile(`${plugin.workspace}/in`, "from a file\n");
    const { stdout, stderr } = await shell(plugin, script);
    expect(stdout).toBe("to stdout\ninput\nto stdout\nfrom a file\nto stderr\n");
    expect(stderr).toBe("to stderr\n");
  });

  test("a reader that stops after one line ends an endless tool by SIGPIPE at once", async () => {
    await using plugin = await startPlugin({ tool: "yes", stdio });
    const script = 'yes | head -1; echo "${PIPESTATUS[@]}"';
    const direct = await shellDirect(plugin, script);
    expect(direct.stdout).toBe("y\n141 0\n");
    expect(await shell(plugin, script, { boundMs: 3000 })).toEqual(direct);
  });

  test("a reader that ends without having read anything ends the tool by SIGPIPE too", async () => {
    await using plugin = await startPlugin({ tool: "yes", stdio });
    expect((await shell(plugin, 'yes | true; echo "${PIPESTATUS[@]}"', { boundMs: 3000 })).stdout).toBe("141 0\n");
  });

  test("what a tool wrote before it was killed arrives", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const { stdout, stderr, status } = await call(plugin, ["-c", "echo written; echo said >&2; kill -9 $$"]);
    expect({ stdout, stderr, status }).toEqual({ stdout: "written\n", stderr: "said\n", status: 137 });
  });

  test("a tool has no descriptor but its three, whatever else goes on", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const other = startCall(plugin, ["-c", "touch runs; exec sleep 300"]);
    await waitFor("another call runs", async () => await Bun.file(`${plugin.workspace}/runs`).exists());
    expect((await call(plugin, ["-c", "ls /proc/$$/fd"])).stdout).toBe("0\n1\n2\n");
    other.kill("SIGTERM");
    await other.finished;
  });

  test("a child that goes on in the background does not hold up the call, and its own output goes on", async () => {
    await using plugin = await startPlugin({ tool: "sh", stdio });
    const { stdout } = await shell(plugin, `sh -c 'sleep 30 & echo over' >out; cat out`, { boundMs: 5000 });
    expect(stdout).toBe("over\n");
  });

  test("a script on stdin runs to its end: the tool and its children share that stdin", async () => {
    await using plugin = await startPlugin({ tool: "bash", stdio });
    const script = "printf 'read -r a\\nthe answer\\necho \"$a\"\\ncat\\nthe rest\\n' | bash";
    const direct = await shellDirect(plugin, script);
    expect(direct.stdout).toBe("the answer\nthe rest\n");
    expect(await shell(plugin, script)).toEqual(direct);
  });
});

describe("standard streams that are the client's own", () => {
  test("2>&1 keeps the order in which the tool wrote", async () => {
    await using plugin = await startPlugin({ tool: "two-streams", exec: fixture("two-streams") });
    const direct = await shellDirect(plugin, "two-streams 2>&1 | cat");
    expect(direct.stdout.split("\n").slice(0, 3)).toEqual(["out 1", "err 1", "out 2"]);
    expect(await shell(plugin, "two-streams 2>&1 | cat")).toEqual(direct);
    expect(await shell(plugin, "two-streams >both 2>&1; cat both")).toEqual(direct);
  });

  test("a pipe that a tool reads one line of keeps the rest for the next", async () => {
    await using plugin = await startPlugin({ tool: "first-line", exec: fixture("first-line") });
    expect((await shell(plugin, "printf '1\\n2\\n3\\n' | { first-line; first-line; cat; }")).stdout).toBe(
      "took 1\ntook 2\n3\n",
    );
  });

  test("a loop that reads a pipe sees every line", async () => {
    await using plugin = await startPlugin({ tool: "minds-its-own", exec: fixture("minds-its-own") });
    const script = "seq 5 | while read -r n; do minds-its-own $n; done";
    expect((await shell(plugin, script)).stdout.trim().split("\n")).toHaveLength(5);
  });

  test("a file that is appended to by two calls at once keeps all lines", async () => {
    await using plugin = await startPlugin({ tool: "two-streams", exec: fixture("two-streams") });
    const script = "two-streams >>log 2>&1 & two-streams >>log 2>&1; wait; wc -l <log";
    expect((await shell(plugin, script)).stdout.trim()).toBe("40");
  });
});
