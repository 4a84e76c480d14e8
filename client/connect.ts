import { CLIENT_EXIT, FEATURE } from "../src/protocol/constants.ts";
import { ClientError, leftBehind } from "./fail.ts";
import { encodeOpening, pass } from "./opening.ts";
import type { Opening, Passed } from "./opening.ts";

export type Handler = Bun.SocketHandler<undefined>;

/** A plugin that answered, and what of the opening its socket has not taken yet. */
export interface Connected {
  readonly connected: Bun.Socket<undefined>;
  readonly unsent: Uint8Array;
}

/** A plugin with so many callers at the door that the kernel turns us away is asked again, for so long. */
const CROWDED_MS = 5000;
const RETRY_MS = 10;

/** Why a socket that is there cannot be used, by the error of connect(2). Any other error means that nobody is there. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "permission denied; access.mode and access.uids of the plugin's config say who may",
  EPERM: "not permitted; access.mode and access.uids of the plugin's config say who may",
  ENAMETOOLONG:
    "its path is longer than the 107 bytes that a Unix socket's may have; mount the folder at a shorter one",
  EAGAIN: "too many others are waiting for it; try again later",
};

/**
 * Connects to the first of `paths` where somebody listens and sends the opening with our standard streams beside it, or
 * without where descriptors cannot travel. Undefined when nobody listens anywhere.
 *
 * @throws {ClientError} 125 when one is there and cannot be used, as an AwayError when a plugin left its socket behind
 */
export async function connect(
  paths: readonly string[],
  opening: Opening,
  handler: Handler,
): Promise<Connected | undefined> {
  let left: string | undefined;
  for (const path of paths) {
    try {
      return (await connectPassing(path, opening, handler)) ?? (await connectPlain(path, opening, handler));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (code === "ECONNREFUSED") {
        left ??= path;
      }
      const refusal = REFUSALS[code];
      if (refusal !== undefined) {
        throw new ClientError(CLIENT_EXIT.failed, `Cannot connect to ${path}: ${refusal}`);
      }
    }
  }
  if (left !== undefined) {
    throw leftBehind(left);
  }
  return undefined;
}

/** Goes on with a connection over which the opening was passed. */
export async function adopt({ socket, unsent }: Passed, handler: Handler): Promise<Connected> {
  // `fd` is documented and works for sockets of any kind; the types know it for listening only.
  const options = { fd: socket, socket: handler } as unknown as Bun.UnixSocketOptions<undefined>;
  return { connected: await Bun.connect(options), unsent };
}

/** Undefined when descriptors cannot be passed; throws what connect(2) says. */
async function connectPassing(path: string, opening: Opening, handler: Handler): Promise<Connected | undefined> {
  const bytes = encodeOpening(opening, FEATURE.descriptors);
  const deadline = performance.now() + CROWDED_MS;
  let sent = pass(path, bytes);
  while (sent?.socket === undefined && sent?.code === "EAGAIN" && performance.now() < deadline) {
    await Bun.sleep(RETRY_MS);
    sent = pass(path, bytes);
  }
  if (sent === undefined) {
    return undefined;
  }
  if (sent.socket === undefined) {
    throw Object.assign(new Error(sent.code), { code: sent.code });
  }
  return adopt({ socket: sent.socket, unsent: bytes.subarray(sent.sentBytes) }, handler);
}

async function connectPlain(path: string, opening: Opening, handler: Handler): Promise<Connected> {
  return { connected: await Bun.connect({ unix: path, socket: handler }), unsent: encodeOpening(opening, 0) };
}
