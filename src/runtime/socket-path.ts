import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { lock } from "./libc.ts";

/** sun_path of struct sockaddr_un holds 108 bytes, the last of which is NUL. */
export const MAX_SOCKET_PATH_BYTES: number = 107;

/** Under this name a socket is bound; its folder is the plugin's own. */
const NEW_NAME = ".new.sock";

const LOCK_WAIT_MS = 5000;
const LOCK_POLL_MS = 10;

/** A reason not to listen, in a sentence that names the path and what to do. */
export class SocketPathError extends Error {
  override readonly name = "SocketPathError";
  readonly code: "path_too_long" | "folder_unusable" | "not_a_socket" | "already_served";

  constructor(code: SocketPathError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Calls `listen` with a name beside `path` to bind, and then gives what it bound the name `path`: at no moment is there
 * no socket for those who look. All under a lock on the folder, so that of two daemons that start together one wins.
 * Takes the place of what an ended daemon left, and of nothing else: not of a file, not of a socket that somebody
 * answers.
 *
 * @throws {SocketPathError}
 */
export async function claimSocketPath<T>(path: string, listen: (path: string) => T): Promise<T> {
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH_BYTES) {
    throw new SocketPathError(
      "path_too_long",
      `Cannot listen on "${path}": its ${length} bytes are more than the ${MAX_SOCKET_PATH_BYTES} that a Unix socket's path may have; choose a shorter folder (CLAUDE_CONTAINER_HOME, PLUGIN_SOCKETS or --socket)`,
    );
  }
  const folder = openFolder(path);
  // Short, however long the folder's own name is.
  const beside = `/proc/self/fd/${folder}/${NEW_NAME}`;
  try {
    await waitForLock(folder, path);
    await checkFree(path);
    return bind(path, beside, listen);
  } finally {
    closeSync(folder);
  }
}

function bind<T>(path: string, beside: string, listen: (path: string) => T): T {
  try {
    // Only one that was killed between these lines has left it.
    rmSync(beside, { force: true });
    const listener = listen(beside);
    renameSync(beside, path);
    return listener;
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function openFolder(path: string): number {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    return openSync(folder, "r");
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/** Daemons that start together in one folder take turns. */
async function waitForLock(folder: number, path: string): Promise<void> {
  const deadline = performance.now() + LOCK_WAIT_MS;
  while (!lock(folder)) {
    if (performance.now() > deadline) {
      throw new SocketPathError(
        "folder_unusable",
        `Cannot listen on "${path}": another process has held a lock on "${dirname(path)}" for ${LOCK_WAIT_MS} ms; see who does (lsof) and end it`,
      );
    }
    await Bun.sleep(LOCK_POLL_MS);
  }
}

async function checkFree(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    return;
  }
  if (!found.isSocket()) {
    throw new SocketPathError(
      "not_a_socket",
      `Cannot listen on "${path}": something that is not a socket is there; move it away or choose another path`,
    );
  }
  if (await answers(path)) {
    throw alreadyServed(path);
  }
}

/** Whether a process listens there: only "connection refused" says that none does. */
async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = { open: () => {}, data: () => {}, connectError: () => {} };
  Bun.connect({ unix: path, socket }).then(
    (connection) => {
      connection.terminate();
      resolve(true);
    },
    (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
  );
  return promise;
}

function alreadyServed(path: string): SocketPathError {
  return new SocketPathError(
    "already_served",
    `Cannot listen on "${path}": another daemon answers there; stop it first or choose another path`,
  );
}

/** The listening itself, or its folder, failed for a reason of the system's. */
function unusable(path: string, cause: unknown): SocketPathError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  const error = new SocketPathError(
    "folder_unusable",
    `Cannot listen on "${path}": ${code} in "${dirname(path)}"; make that folder writable for this user or choose another path`,
  );
  error.cause = cause;
  return error;
}
