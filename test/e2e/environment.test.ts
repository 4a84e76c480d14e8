import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { CARRIERS, startPlugin } from "../helpers/plugin.ts";
import { call, shell } from "../helpers/shell.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** The variables that `env -0` printed. */
function variables(stdout: string): Record<string, string> {
  const pairs = stdout.split("\0").filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

describe.each(CARRIERS)("environment over $carrier", ({ stdio }) => {
  test("only what the config lists arrives, beside the plugin's own PATH and HOME", async () => {
    const config = "env:\n  pass: [LANG, 'GIT_AUTHOR_*', GIT_COMMITTER_DATE]\n  set: { FIXED: always }";
    await using plugin = await startPlugin({ tool: "env", stdio, config, env: { PLUGIN_SECRET: "the plugin's own" } });
    const env = {
      LANG: "cs_CZ.UTF-8",
      GIT_AUTHOR_NAME: "A B",
      GIT_COMMITTER_NAME: "C",
      GIT_TRACE: "1",
      LD_PRELOAD_X: "evil",
      FIXED: "mine",
    };
    const { PLUGIN_SESSION: mark, ...rest } = variables((await call(plugin, ["-0"], { env })).stdout);
    expect(rest).toEqual({
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: plugin.folder,
      LANG: "cs_CZ.UTF-8",
      GIT_AUTHOR_NAME: "A B",
      FIXED: "always",
    });
    expect(mark).toMatch(/^[\w.]+$/u);
  });

  test("the default lets language, terminal, colours and authors through and nothing else", async () => {
    await using plugin = await startPlugin({ tool: "env", stdio });
    const passed = {
      LANG: "C",
      LC_ALL: "C",
      TZ: "UTC",
      TERM: "dumb",
      NO_COLOR: "1",
      GIT_COMMITTER_EMAIL: "a@example.org",
    };
    const env = { ...passed, SECRET: "x", GIT_DIR: "/tmp", EDITOR: "vi", HOME: "/elsewhere", PATH: "/bin:/usr/bin" };
    const { PLUGIN_SESSION: _mark, PATH, HOME, ...rest } = variables((await call(plugin, ["-0"], { env })).stdout);
    expect(rest).toEqual(passed);
    expect({ PATH, HOME }).toEqual({ PATH: "/usr/local/bin:/usr/bin:/bin", HOME: plugin.folder });
  });

  test("a config that passes everything passes values with newlines, quotes and none at all", async () => {
    await using plugin = await startPlugin({ tool: "env", stdio, config: "env: { pass: ['*'] }" });
    const env = { LINES_OF: "a\nb\n", QUOTED: `it's "x"`, EMPTY: "", EQUALS: "a=b=c", "odd.name": "1", HOME: "/h" };
    const found = variables((await call(plugin, ["-0"], { env })).stdout);
    expect(found).toMatchObject(env);
  });

  test("a value that is not UTF-8 is left out, and the rest arrives", async () => {
    await using plugin = await startPlugin({ tool: "env", stdio, config: "env: { pass: ['*'] }" });
    const { stdout, status } = await shell(plugin, `export BAD=$'caf\\xe9' GOOD=café; exec "$CLIENT" "$SOCKET" env -0`);
    expect(status).toBe(0);
    expect(variables(stdout)["GOOD"]).toBe("café");
    expect(variables(stdout)).not.toHaveProperty("BAD");
  });
});
