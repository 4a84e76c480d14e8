import type { InnerServers } from "./inner-servers.ts";
import { log } from "./log.ts";
import { readProxyHead } from "./proxy-head.ts";
import { Splice } from "./splice.ts";

/** How long a connection may take to say what it wants. */
const HEAD_SECONDS = 30;

export interface ProxyOptions {
  readonly hostname: string;
  /** Port 0 takes any free one. */
  readonly port: number;
  readonly inner: InnerServers;
}

/**
 * Stands before the inner servers of a broker, and takes each connection to the one that it is for. Nothing is decided here:
 * whatever goes through is a request to one of these servers.
 */
export interface Proxy {
  readonly port: number;
  /** Takes no new connections; those that are there go on, or with `atOnce` end. */
  stop(atOnce: boolean): void;
}

/** Throws what Bun.listen throws when the address cannot be listened on. */
export function startProxy({ hostname, port, inner }: ProxyOptions): Proxy {
  let count = 0;
  const listener = Bun.listen<Caller>({
    hostname,
    port,
    socket: {
      open: (socket) => {
        // A deadline, which no byte puts off.
        const deadline = setTimeout(() => socket.terminate(), HEAD_SECONDS * 1000);
        socket.data = { read: NOTHING, deadline, splice: undefined };
        if (++count > MAX_CONNECTIONS) {
          socket.terminate();
        }
      },
      data: (socket, chunk) => {
        const { data: caller } = socket;
        if (caller.splice !== undefined) {
          caller.splice.forward(chunk);
          return;
        }
        caller.read = caller.read.length === 0 ? chunk : Buffer.concat([caller.read, chunk]);
        const head = readProxyHead(caller.read);
        if (head.kind === "plain") {
          join(socket, caller.read, async () => inner.plain(socket.remoteAddress));
        } else if (head.kind === "connect") {
          join(socket, head.rest, async () => {
            const found = await inner.secure(socket.remoteAddress, head.host);
            socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
            return found;
          });
        } else if (head.kind === "invalid") {
          caller.read = NOTHING;
          socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
      },
      drain: ({ data: { splice } }) => splice?.drained("outer"),
      close: ({ data: { deadline, splice } }) => {
        count--;
        clearTimeout(deadline);
        splice?.closed("outer");
      },
      error: (socket) => {
        socket.terminate();
      },
    },
  });

  function join(socket: Bun.Socket<Caller>, first: Buffer, find: () => Promise<string>): void {
    clearTimeout(socket.data.deadline);
    const splice = new Splice(socket);
    socket.data.splice = splice;
    socket.data.read = NOTHING;
    splice.forward(first);
    find()
      .then(async (unix) => await splice.connect(unix))
      .catch((error: unknown) => {
        log("error", "internal", { error: String(error) });
        socket.terminate();
      });
  }

  return { port: listener.port, stop: (atOnce) => listener.stop(atOnce) };
}

interface Caller {
  /** What it has sent before it was known what it wants. */
  read: Buffer;
  readonly deadline: Timer;
  splice: Splice | undefined;
}

const MAX_CONNECTIONS = 512;
const NOTHING: Buffer = Buffer.alloc(0);
