import { chmodSync, chownSync, realpathSync } from "node:fs";
import { startOf } from "../policy/config.ts";
import type { Config } from "../policy/config.ts";
import type { LiveConfig } from "../policy/live-config.ts";
import { quote } from "../policy/printable.ts";
import { Connection } from "./connection.ts";
import { Approvals } from "./approvals.ts";
import type { ApprovalsDoor } from "./approvals-door.ts";
import type { Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import { Leftovers } from "./leftovers.ts";
import { adoptOrphans, refuseNew } from "./libc.ts";
import { Lobby } from "./lobby.ts";
import { log } from "./log.ts";
import type { Plugin } from "./plugin.ts";
import { Slots } from "./slots.ts";
import { claimSocketPath } from "./socket-path.ts";

export interface DaemonOptions {
  readonly config: LiveConfig;
  readonly plugin: Plugin;
  readonly socketPath: string;
  /** The folder that tools may be started in where the config names no roots. */
  readonly workspace: string;
  /** Whom the tools run as, and in whose name this process has been told to act; undefined: as itself. */
  readonly identity: Identity | undefined;
  /** Where people answer what rules ask; undefined: nobody can be asked. */
  readonly door: ApprovalsDoor | undefined;
}

/** A plugin that listens. */
export interface Daemon {
  /**
   * Stops listening, lets the calls that run come to their end, ends those that take longer (TERM, grace, KILL) and
   * resolves when all are gone. The socket's file stays, so that callers know that somebody will come back.
   */
  stop(): Promise<void>;
}

/** How long a call that runs may take to end when the plugin stops. */
const DRAIN_MS = 10_000;
/** Connections that the kernel took before it turned callers away are accepted within a few turns. */
const LAST_ACCEPT_MS = 20;
/** A client sends its request at once; on a machine that is busy it may take a while to get that far. */
const LAST_REQUEST_MS = 2000;
const POLL_MS = 5;
const NEW_SOCKET_UMASK = 0o177;

/**
 * Starts the plugin of one tool.
 *
 * @throws {SocketPathError} when the socket cannot be listened on, and Error when none of the roots exists
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, plugin, socketPath, workspace, identity, door } = options;
  const { sessions, queue, queueMs } = config.current.limits;
  let isStopping = false;
  const look = (): void => config.look();
  // A tool that runs as this very user can enter every folder of ours.
  const approvals = door && new Approvals(plugin.name, identity !== undefined, look);
  let roots = realRoots(config.current.roots ?? [workspace]);
  const host: Host = {
    get config() {
      return config.current;
    },
    get configProblem() {
      return config.problem;
    },
    get roots() {
      return roots;
    },
    plugin,
    identity,
    carrier: "none",
    slots: new Slots(sessions, queue, queueMs),
    lobby: new Lobby(),
    approvals,
    tools: new Map(),
    refresh: look,
    isStopping: () => isStopping,
    nextMark: markMaker(),
    toolEnded: () => leftovers.look(),
  };
  const leftovers = new Leftovers(host);
  config.onChange((changed) => {
    if (changed.plugin !== plugin.name) {
      const { file, line, column } = changed.places.get("plugin") ?? startOf(changed.file);
      throw new Error(
        `${file}:${line}:${column}: This is the ${plugin.name} plugin, and cannot become ${quote(changed.plugin)}; give that a file of its own`,
      );
    }
    const changedRoots = realRoots(changed.roots ?? [workspace]);
    setAccess(socketPath, changed);
    // Nothing below can fail: a config counts whole or not at all.
    roots = changedRoots;
    host.slots.resize(changed.limits.sessions, changed.limits.queue, changed.limits.queueMs);
    approvals?.forget();
  });
  adoptOrphans();
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) =>
      log("error", "internal", { error: String(error instanceof Error ? error.stack : error) }),
    );
  }
  const connections = new Set<Connection>();
  const listener = await claimSocketPath(socketPath, (path) => listen(host, path, connections));
  if (approvals !== undefined) {
    door?.serve(approvals);
  }
  log("info", "ready", { tool: plugin.name, socket: socketPath, pid: process.pid, roots });
  return {
    stop: async () => {
      isStopping = true;
      await closeDoor(listener);
      await lastRequests(connections);
      const sessions = [...connections].flatMap(({ session }) => session ?? []);
      await Promise.race([Promise.all(sessions.map(async (session) => session.drain())), Bun.sleep(DRAIN_MS)]);
      await Promise.all(sessions.map(async (session) => session.stop()));
      await leftovers.settled();
      await door?.close();
      log("info", "stopped", { tool: plugin.name });
    },
  };
}

/**
 * Turns new callers away, who find nobody listening and wait for the next daemon; but those who were let in already, and
 * stand in the kernel's queue, are answered. Closing the listener alone would cut them off without a word.
 */
async function closeDoor(listener: Bun.UnixSocketListener<Connection | undefined>): Promise<void> {
  refuseNew((listener as typeof listener & { fd: number }).fd);
  await Bun.sleep(LAST_ACCEPT_MS);
  // The timer may have fired late, and before the listener was looked at.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  listener.stop();
}

/** Who was let in and has not asked yet is waited for, to be told to go to the next daemon. */
async function lastRequests(connections: ReadonlySet<Connection>): Promise<void> {
  const deadline = performance.now() + LAST_REQUEST_MS;
  while (performance.now() < deadline && connections.values().some(({ isOpening }) => isOpening)) {
    await Bun.sleep(POLL_MS);
  }
}

/** `path` is where to bind; who may connect is settled before anybody can find it by its real name. */
function listen(
  host: Host,
  path: string,
  connections: Set<Connection>,
): Bun.UnixSocketListener<Connection | undefined> {
  const umask = process.umask(NEW_SOCKET_UMASK);
  try {
    const listener = Bun.listen<Connection | undefined>({
      unix: path,
      socket: {
        open: (socket) => {
          if (!makeRoom(connections, host.config.limits.connections)) {
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
    setAccess(path, host.config);
    return listener;
  } finally {
    process.umask(umask);
  }
}

function setAccess(path: string, { access }: Config): void {
  chmodSync(path, access.mode);
  if (access.gid !== undefined) {
    chownSync(path, -1, access.gid);
  }
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
