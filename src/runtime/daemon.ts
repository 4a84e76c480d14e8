import { chmodSync, chownSync, lstatSync, realpathSync } from "node:fs";
import type { Config } from "../policy/config.ts";
import { Connection } from "./connection.ts";
import type { Host } from "./host.ts";
import { adoptOrphans } from "./libc.ts";
import { Lobby } from "./lobby.ts";
import { log } from "./log.ts";
import type { Plugin } from "./plugin.ts";
import { Slots } from "./slots.ts";
import { claimSocketPath, unusable } from "./socket-path.ts";
import { reapAdopted } from "./terminate.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly plugin: Plugin;
  readonly socketPath: string;
  /** The folder that tools may be started in where the config names no roots. */
  readonly workspace: string;
}

/** A plugin that listens. */
export interface Daemon {
  /** Closes the socket, ends every tool (TERM, grace, KILL) and resolves when all are gone. */
  stop(): Promise<void>;
}

const REAP_MS = 1000;
const NEW_SOCKET_UMASK = 0o177;

/**
 * Starts the plugin of one tool.
 *
 * @throws {SocketPathError} when the socket cannot be listened on, and Error when none of the roots exists
 */
export async function startDaemon({ config, plugin, socketPath, workspace }: DaemonOptions): Promise<Daemon> {
  const { sessions, queue, queueMs } = config.limits;
  let isStopping = false;
  const host: Host = {
    config,
    plugin,
    roots: realRoots(config.roots ?? [workspace]),
    slots: new Slots(sessions, queue, queueMs),
    lobby: new Lobby(),
    tools: new Map(),
    isStopping: () => isStopping,
    nextMark: markMaker(),
    toolEnded: orphanReaper(() => host.tools),
  };
  adoptOrphans();
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) =>
      log("error", "internal", { error: String(error instanceof Error ? error.stack : error) }),
    );
  }
  const connections = new Set<Connection>();
  const listener = await claimSocketPath(socketPath, () => listen(host, socketPath, connections));
  const inode = inodeOf(socketPath);
  log("info", "ready", { tool: plugin.name, socket: socketPath, pid: process.pid, roots: host.roots });
  return {
    stop: async () => {
      isStopping = true;
      // Stopping a listener removes whatever has its name by then; a successor's socket keeps it.
      if (inodeOf(socketPath) === inode) {
        listener.stop();
      }
      await Promise.all([...connections].map(async (connection) => connection.session?.stop()));
      log("info", "stopped", { tool: plugin.name });
    },
  };
}

function listen(
  host: Host,
  path: string,
  connections: Set<Connection>,
): Bun.UnixSocketListener<Connection | undefined> {
  const { access, limits } = host.config;
  const umask = process.umask(NEW_SOCKET_UMASK);
  try {
    const listener = Bun.listen<Connection | undefined>({
      unix: path,
      socket: {
        open: (socket) => {
          if (!makeRoom(connections, limits.connections)) {
            socket.terminate();
            return;
          }
          socket.data = new Connection(host, socket);
          connections.add(socket.data);
          socket.data.begin();
        },
        data: (socket, chunk) => socket.data?.receive(chunk),
        drain: (socket) => socket.data?.drained(),
        close: (socket) => {
          if (socket.data !== undefined) {
            connections.delete(socket.data);
            socket.data.closed();
          }
        },
        error: (_socket, error) => log("warn", "connection", { tool: host.plugin.name, error: error.message }),
      },
    });
    chmodSync(path, access.mode);
    if (access.gid !== undefined) {
      chownSync(path, -1, access.gid);
    }
    return listener;
  } catch (cause) {
    throw unusable(path, cause);
  } finally {
    process.umask(umask);
  }
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/** At the limit the oldest connection that has asked for nothing makes room. False when there is none. */
function makeRoom(connections: Set<Connection>, max: number): boolean {
  if (connections.size < max) {
    return true;
  }
  const oldest = connections.values().find((connection) => connection.isOpening);
  oldest?.evict();
  return oldest !== undefined;
}

function realRoots(roots: readonly string[]): string[] {
  const found = roots.flatMap((root) => {
    try {
      return [realpathSync(root)];
    } catch {
      log("warn", "root_missing", { root });
      return [];
    }
  });
  if (found.length === 0) {
    throw new Error(
      `Cannot start: none of the folders that calls may be made from exists (${roots.join(", ")}); make one, or set roots in the config`,
    );
  }
  return found;
}

function markMaker(): () => string {
  const daemon = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let count = 0;
  return () => `${daemon}.${++count}`;
}

/** Looks for ended orphans after a session and then as long as there are any. */
function orphanReaper(tools: () => ReadonlyMap<number, string>): () => void {
  let timer: Timer | undefined;
  const look = (): void => {
    timer = reapAdopted(tools()) > 0 ? setTimeout(look, REAP_MS) : undefined;
    timer?.unref();
  };
  return () => {
    timer ??= setTimeout(look, REAP_MS);
    timer.unref();
  };
}
