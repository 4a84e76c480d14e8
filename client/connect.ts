import { encodeHello } from "../src/protocol/client-messages.ts";
import { CLIENT_EXIT, FEATURE, PROTOCOL_VERSION } from "../src/protocol/constants.ts";
import { connectWith } from "../src/protocol/descriptors.ts";
import { ClientError } from "./fail.ts";

export type Handler = Bun.SocketHandler<undefined>;

/** A plugin that answered, and what of the opening its socket has not taken yet. */
export interface Connected {
  readonly connected: Bun.Socket<undefined>;
  readonly unsent: Uint8Array;
}

const STDIO = [0, 1, 2];

/**
 * Connects to the first of `paths` where somebody listens and sends HELLO and `open` with our standard streams beside
 * them, or without where descriptors cannot travel. Undefined when nobody listens anywhere.
 *
 * @throws {ClientError} 125 when one is there and may not be used
 */
export async function connect(
  paths: readonly string[],
  open: Uint8Array,
  handler: Handler,
): Promise<Connected | undefined> {
  for (const path of paths) {
    try {
      return (await connectPassing(path, open, handler)) ?? (await connectPlain(path, open, handler));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") {
        throw new ClientError(
          CLIENT_EXIT.failed,
          `Cannot connect to ${path}: permission denied; access.mode and access.uids of the plugin's config say who may`,
        );
      }
    }
  }
  return undefined;
}

/** Undefined when descriptors cannot be passed; throws what connect(2) says. */
async function connectPassing(path: string, open: Uint8Array, handler: Handler): Promise<Connected | undefined> {
  const bytes = opening(FEATURE.descriptors, open);
  const sent = tryToPass(path, bytes);
  if (sent === undefined) {
    return undefined;
  }
  if (sent.socket === undefined) {
    throw Object.assign(new Error(sent.code), { code: sent.code });
  }
  // `fd` is documented and works for sockets of any kind; the types know it for listening only.
  const options = { fd: sent.socket, socket: handler } as unknown as Bun.UnixSocketOptions<undefined>;
  const connected = await Bun.connect(options);
  return { connected, unsent: bytes.subarray(sent.sentBytes) };
}

function tryToPass(path: string, bytes: Uint8Array): ReturnType<typeof connectWith> | undefined {
  try {
    return connectWith(path, bytes, STDIO);
  } catch {
    return undefined;
  }
}

async function connectPlain(path: string, open: Uint8Array, handler: Handler): Promise<Connected> {
  return { connected: await Bun.connect({ unix: path, socket: handler }), unsent: opening(0, open) };
}

/** HELLO and OPEN leave together: the only other answer to the first is that the plugin does not speak our version. */
function opening(features: number, open: Uint8Array): Uint8Array {
  const hello = encodeHello({ version: PROTOCOL_VERSION, features });
  const both = new Uint8Array(hello.length + open.length);
  both.set(hello);
  both.set(open, hello.length);
  return both;
}
