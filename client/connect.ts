import { encodeHello } from "../src/protocol/client-messages.ts";
import { CLIENT_EXIT, FEATURE, PROTOCOL_VERSION } from "../src/protocol/constants.ts";
import { connectWith } from "../src/protocol/descriptors.ts";
import type { Sent } from "../src/protocol/descriptors.ts";
import { joinFrames } from "../src/protocol/frame.ts";
import { ClientError, leftBehind } from "./fail.ts";

export type Handler = Bun.SocketHandler<undefined>;

/** A plugin that answered, and what of the opening its socket has not taken yet. */
export interface Connected {
  readonly connected: Bun.Socket<undefined>;
  readonly unsent: Uint8Array;
}

const STDIO = [0, 1, 2];
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
 * Connects to the first of `paths` where somebody listens and sends HELLO and `open` with our standard streams beside
 * them, or without where descriptors cannot travel. Undefined when nobody listens anywhere. `features` are what HELLO
 * asks for beside that.
 *
 * @throws {ClientError} 125 when one is there and cannot be used, as an AwayError when a plugin left its socket behind
 */
export async function connect(
  paths: readonly string[],
  open: Uint8Array,
  features: number,
  handler: Handler,
): Promise<Connected | undefined> {
  const hello = (more: number): Uint8Array => opening(features | more, open);
  let left: string | undefined;
  for (const path of paths) {
    try {
      return (
        (await connectPassing(path, hello(FEATURE.descriptors), handler)) ??
        (await connectPlain(path, hello(0), handler))
      );
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

/** Undefined when descriptors cannot be passed; throws what connect(2) says. */
async function connectPassing(path: string, bytes: Uint8Array, handler: Handler): Promise<Connected | undefined> {
  const deadline = performance.now() + CROWDED_MS;
  let sent = tryToPass(path, bytes);
  while (sent?.socket === undefined && sent?.code === "EAGAIN" && performance.now() < deadline) {
    await Bun.sleep(RETRY_MS);
    sent = tryToPass(path, bytes);
  }
  if (sent === undefined) {
    return undefined;
  }
  if (sent.socket === undefined) {
    throw Object.assign(new Error(sent.code), { code: sent.code });
  }
  // `fd` is documented and works for sockets of any kind; the types know it for listening only.
  const options = { fd: sent.socket, socket: handler } as unknown as Bun.UnixSocketOptions<undefined>;
  return { connected: await Bun.connect(options), unsent: bytes.subarray(sent.sentBytes) };
}

function tryToPass(path: string, bytes: Uint8Array): Sent | undefined {
  try {
    return connectWith(path, bytes, STDIO);
  } catch {
    return undefined;
  }
}

async function connectPlain(path: string, bytes: Uint8Array, handler: Handler): Promise<Connected> {
  return { connected: await Bun.connect({ unix: path, socket: handler }), unsent: bytes };
}

/** HELLO and OPEN leave together: the only other answer to the first is that the plugin does not speak our version. */
function opening(features: number, open: Uint8Array): Uint8Array {
  return joinFrames(encodeHello({ version: PROTOCOL_VERSION, features }), open);
}
