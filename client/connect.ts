import { CLIENT_EXIT } from "../src/protocol/constants.ts";
import { ClientError } from "./fail.ts";

export type Handler = Bun.SocketHandler<undefined>;

/** A plugin that answered: the connection for the conversation, and a second one for descriptors. */
export interface Connected {
  readonly socket: Bun.Socket<undefined>;
  readonly second: Bun.Socket<undefined> | undefined;
}

const idle: Handler = { data: () => {}, error: () => {} };

/**
 * Connects to the first of `paths` where somebody listens, twice if `withSecond`, both at once; undefined when nobody
 * listens anywhere.
 *
 * @throws {ClientError} 125 when one is there and may not be used
 */
export async function connect(paths: readonly string[], withSecond: boolean, handler: Handler): Promise<Connected | undefined> {
  for (const path of paths) {
    const first = Bun.connect({ unix: path, socket: handler });
    const second = withSecond ? Bun.connect({ unix: path, socket: idle }).catch(() => undefined) : undefined;
    try {
      return { socket: await first, second: await second };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") {
        throw new ClientError(CLIENT_EXIT.failed, `Cannot connect to ${path}: permission denied; access.mode and access.uids of the plugin's config say who may`);
      }
    }
  }
  return undefined;
}
