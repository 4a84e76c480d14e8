import { expect } from "bun:test";

import { allReady, type Inside } from "./brokered.ts";
import { NO_CAPABILITY, readRights, rightsOfDaemon, THREE } from "./rights.ts";

/** Neither is there one, nor can anything there set one; after a restart of its container, too. */
export async function expectNoDefaultRoute(inside: Inside): Promise<void> {
  const { home, tool } = inside;
  await expectNoRouteNow(inside);
  await home.docker("restart", await home.container(`${tool}-plugin`));
  await allReady(home);
  await expectNoRouteNow(inside);
}

async function expectNoRouteNow({ home, tool, asTool }: Inside): Promise<void> {
  const { stdout: ipv4 } = await asTool("cat /proc/net/route");
  const { stdout: ipv6 } = await asTool("cat /proc/net/ipv6_route");
  // The network's own is there, so the list is that of the container.
  expect(ipv4).toMatch(/^eth0\t/m);
  expect(ipv4).not.toMatch(/^\S+\t00000000\t/m);
  // The kernel has one by `lo`, which refuses.
  expect(ipv6.split("\n").filter((line) => /^0{32} 00 /.test(line) && !line.endsWith(" lo"))).toEqual([]);
  const container = await home.container(`${tool}-plugin`);
  expect(await rightsOfDaemon(home, `${tool}-plugin`)).toMatchObject({ CapPrm: THREE, CapEff: THREE, CapBnd: THREE });
  const look = "cat /proc/self/status";
  expect(readRights((await asTool(look)).stdout)).toMatchObject({ ...NO_CAPABILITY, CapBnd: THREE });
  const check = (await home.docker("inspect", "-f", "{{index .Config.Healthcheck.Test 1}}", container)).trim();
  const asked = check.replace(/plugin-server health .*$/s, look);
  expect(asked).toEndWith(look);
  expect(readRights(await home.docker("exec", container, "sh", "-c", asked))).toMatchObject(NO_CAPABILITY);
}

/** Of the plugin's image, started otherwise than by our compose files. */
export async function expectStartOnlyWithoutRoute({ home, tool }: Inside): Promise<void> {
  const image = (await home.docker("inspect", "-f", "{{.Image}}", await home.container(`${tool}-plugin`))).trim();
  const broker = ["--env", `PLUGIN_BROKER=http://${tool}-broker:8080`];
  for (const [says, ...options] of STARTS) {
    const run = ["docker", "run", "--rm", "--init", ...broker, "--cap-drop", "ALL", ...options, image];
    expect({ options, ...(await home.command(run)) }).toEqual({
      options,
      stdout: "",
      stderr: expect.stringMatching(says),
      status: 1,
    });
  }
}

/** What it says on one line, and how it is run. With the last two the daemon starts, and finds no project. */
const STARTS: readonly (readonly [says: RegExp, ...options: string[]])[] = [
  [/^start-plugin\.sh: Cannot remove the default route of eth0 \(.*Operation not permitted\): .*SETPCAP.*\n$/],
  [/^start-plugin\.sh: Cannot give up NET_ADMIN, .*SETPCAP.*\n$/, "--cap-add", "NET_ADMIN"],
  [/^plugin-server: .*\n$/, "--cap-add", "NET_ADMIN", "--cap-add", "SETPCAP"],
  [/^plugin-server: .*\n$/, "--network", "none"],
];
