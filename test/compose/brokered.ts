import { expect } from "bun:test";

import { waitFor } from "../helpers/wait-for.ts";
import type { Outcome } from "../scripts/home.ts";
import type { Installation } from "./installation.ts";

/** What a tool with a broker is asked from inside. */
export interface Inside {
  readonly home: Installation;
  readonly tool: "git" | "npm";
  /** Runs a script where the tool runs, as the tool. */
  readonly asTool: (script: string) => Promise<Outcome>;
}

/** The network that only a tool and its broker are on. */
export async function sharedNetwork({ home, tool }: Inside): Promise<string> {
  return `${await home.composeProject()}_${tool}-internal`;
}

/** The address of that network that the host would have. */
export async function gatewayOfTool(inside: Inside): Promise<string> {
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  return (await inside.home.docker("network", "inspect", "-f", format, await sharedNetwork(inside))).trim();
}

/** Waits until every plugin and broker answers and says that all is well: a busy machine takes its time. */
export async function allReady(home: Installation): Promise<void> {
  await statusShows(home, ({ status }) => status === 0);
}

/** Waits until `status` is as wanted. */
export async function statusShows(home: Installation, isWanted: (status: Outcome) => boolean): Promise<void> {
  let shown = "";
  try {
    await waitFor(
      "status is as wanted",
      async () => {
        const status = await home.run(["status"]);
        shown = status.stdout;
        return isWanted(status);
      },
      60_000,
    );
  } catch (cause) {
    throw new Error(`${(cause as Error).message}; it shows:\n${shown}`, { cause });
  }
}

/** `outside`: name and address of a host that the broker itself reaches. */
export async function expectOnlyBroker(
  inside: Inside,
  outside: readonly [name: string, address: string],
): Promise<void> {
  const { home, tool, asTool } = inside;
  expect((await asTool(ask(`${tool}-broker`, 8080))).stdout).toContain(`"tool":"${tool}"`);
  const [name, address] = outside;
  const gateway = await gatewayOfTool(inside);
  using listener = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response("") });
  for (const target of [address, "203.0.113.7"]) {
    expect(await asTool(connect(target, 443))).toMatchObject({ stdout: "", stderr: expect.stringContaining(NO_ROUTE) });
  }
  // All at once: what could be on the shared network is waited for, in vain.
  const attempts = [
    ...[443, listener.port ?? 0].map((port) => connect(gateway, port)),
    ...[name, "example.com"].map((host) => `getent hosts ${host}`),
  ];
  const got = await Promise.all(attempts.map(async (attempt) => (await asTool(attempt)).stdout));
  expect(got.join("")).toBe("");
  const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
  const networks = await home.docker("inspect", "-f", format, await home.container(`${tool}-plugin`));
  expect(networks.trim()).toBe(await sharedNetwork(inside));
}

/** `canary`: a part of every secret of the test. */
export async function expectNoSecret({ home, tool, asTool }: Inside, canary: string): Promise<void> {
  expect((await asTool("ls /run/secrets")).stderr).toContain("No such file");
  const look = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; env";
  const seen = (await asTool(look)).stdout;
  expect(seen).toContain("PATH=");
  expect(seen).not.toContain(canary);
  // The pattern does not match itself: npm writes down what it was called with.
  const pattern = `${canary.slice(0, -1)}[${canary.at(-1)}]`;
  const find = `grep -rlsa --exclude-dir=proc --exclude-dir=sys '${pattern}' / ; true`;
  expect((await asTool(find)).stdout).toBe("");
  const plugin = await home.container(`${tool}-plugin`);
  expect(await home.docker("exec", plugin, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null")).not.toContain(canary);
}

/** `others`: more names that must not be found. */
export async function expectAgentKeptOut({ home, tool }: Inside, others: readonly string[]): Promise<void> {
  const broker = await home.container(`${tool}-broker`);
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
  const addresses = (await home.docker("inspect", "-f", format, broker)).trim().split(" ");
  expect(addresses).toHaveLength(2);
  const asked = await Promise.all(addresses.map(async (at) => await home.exec("bash", "-c", ask(at, 8080))));
  expect(asked.map(({ stdout }) => stdout).join("")).not.toContain("tool");
  const own = [`${tool}-broker`, `${await home.composeProject()}-${tool}-broker-1`, `${tool}-plugin`];
  const found = await Promise.all([...own, ...others].map(async (name) => await home.exec("getent", "hosts", name)));
  for (const one of found) {
    expect(one).toMatchObject({ stdout: "", status: 2 });
  }
  const looked = await home.exec("ls", "/run/secrets");
  expect(looked).toMatchObject({ stderr: expect.stringContaining("No such file") });
}

/** Of the broker's own container. */
export async function expectHardened({ home, tool }: Inside): Promise<void> {
  const broker = await home.container(`${tool}-broker`);
  const look = `cat /proc/self/status; touch /x /run/secrets/x /etc/plugins/x; ls '${home.project}'`;
  const seen = await home.command(["docker", "exec", broker, "sh", "-c", look]);
  expect(seen.stdout).toContain(`Uid:\t${home.uid}\t`);
  expect(seen.stdout).toMatch(/CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\n/);
  expect(seen.stderr.match(/Read-only file system/g)).toHaveLength(3);
  expect(seen.stderr).toContain("No such file");
}

/** What is said at once, without a wait for anybody. */
const NO_ROUTE = "Network is unreachable";

/** Prints how a broker is that listens there. Whatever else answers, a gateway of the outside for one, is none. */
function ask(address: string, port: number): string {
  const request = "printf 'GET /-/health HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
  return `timeout 3 bash -c "exec 3<>/dev/tcp/${address}/${port}; ${request}"`;
}

/** Prints `reached` when somebody listens there. */
function connect(address: string, port: number): string {
  return `timeout 3 bash -c '</dev/tcp/${address}/${port}' && echo reached`;
}
