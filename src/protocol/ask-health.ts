import { Channel } from "./channel.ts";
import { encodeHello } from "./client-messages.ts";
import { PROTOCOL_VERSION } from "./constants.ts";
import { CLIENT_STATES, Conversation } from "./conversation.ts";
import type { ClientState } from "./conversation.ts";
import { encodeFrame } from "./frame.ts";
import { decodeError, decodeHealthReport, decodeWelcome } from "./plugin-messages.ts";
import type { HealthReport } from "./plugin-messages.ts";

const ANSWER_MS = 2000;

/**
 * Asks the plugin at `path` how it is.
 *
 * @throws {Error} when nobody answers there, with the reason as its message
 */
export async function askHealth(path: string): Promise<HealthReport> {
  const { promise, resolve, reject } = Promise.withResolvers<HealthReport>();
  const conversation = new Conversation<ClientState>(CLIENT_STATES, "start");
  let channel: Channel | undefined;
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_socket, chunk) => {
        try {
          channel?.receive(chunk, ({ name, payload }) => {
            conversation.receive(name, "plugin");
            if (name === "WELCOME") {
              decodeWelcome(payload);
            } else if (name === "ERROR") {
              reject(new Error(decodeError(payload).message));
            } else {
              resolve(decodeHealthReport(payload));
            }
          });
        } catch (error) {
          reject(error);
        }
      },
      close: () => reject(new Error("it closed the connection without an answer")),
    },
  });
  channel = new Channel(socket);
  conversation.follow("HELLO");
  channel.send(encodeHello({ version: PROTOCOL_VERSION, features: 0 }));
  conversation.follow("HEALTH");
  channel.send(encodeFrame("HEALTH"));
  const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    channel.terminate();
  }
}
