import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";

/** A port of this machine's loopback, and one that leads to it from other addresses. */
export interface RelayedPort {
  readonly port: number;
  readonly relay: number;
}

/** Makes every port that this process listens on at 127.0.0.1 reachable from the engine's networks too. */
export async function relayPorts(): Promise<RelayedPort[]> {
  return await Promise.all(
    loopbackPorts().map(async (port) => {
      const server = createServer((from) => {
        const to = connect(port, "127.0.0.1");
        from.pipe(to).pipe(from);
        from.on("error", () => to.destroy());
        to.on("error", () => from.destroy());
      });
      const relay = await new Promise<number>((resolve) => {
        server.listen(0, "0.0.0.0", () => resolve((server.address() as AddressInfo).port));
      });
      server.unref();
      return { port, relay };
    }),
  );
}

/** A command that listens on these ports at its own loopback, and carries connections on to `gateway`. */
export function carry(gateway: string, relayed: readonly RelayedPort[]): string[] {
  const program = `
    const net = require("net");
    for (const { port, relay } of ${JSON.stringify(relayed)}) {
      net.createServer((from) => {
        const to = net.connect(relay, "${gateway}");
        from.pipe(to).pipe(from);
        from.on("error", () => to.destroy());
        to.on("error", () => from.destroy());
      }).listen(port, "127.0.0.1");
    }
    console.log("ready");`;
  return ["bun", "-e", program];
}

/** The runner does not say on which ports its servers are, but they are in this process. */
function loopbackPorts(): number[] {
  const own = new Set(
    readdirSync("/proc/self/fd").flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = readFileSync("/proc/self/net/tcp", "utf8").trim().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state = "", , , , , , inode = ""] = row.trim().split(/\s+/);
    const [address, port = ""] = local.split(":");
    return address === LOOPBACK && state === LISTEN && own.has(inode) ? [Number.parseInt(port, 16)] : [];
  });
}

/** 127.0.0.1 and the state of a listener, as the kernel writes them. */
const LOOPBACK = "0100007F";
const LISTEN = "0A";
