import { Channel } from "../src/protocol/channel.ts";
import { encodeHello } from "../src/protocol/client-messages.ts";
import { PROTOCOL_VERSION } from "../src/protocol/constants.ts";
import type { ErrorName, MessageName } from "../src/protocol/constants.ts";
import { CLIENT_STATES, Conversation } from "../src/protocol/conversation.ts";
import type { ClientState } from "../src/protocol/conversation.ts";
import { encodeFrame } from "../src/protocol/frame.ts";
import { decodeError, decodeHealthReport, decodeWelcome } from "../src/protocol/plugin-messages.ts";
import type { HealthReport } from "../src/protocol/plugin-messages.ts";

const ANSWER_MS = 2000;

/** The plugin answered that it cannot. */
export class AskError extends Error {
  override readonly name = "AskError";
  readonly code: ErrorName | undefined;

  constructor(code: ErrorName | undefined, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Asks the plugin at `path` how it is.
 *
 * @throws {Error} when nobody answers there, with the reason as its message
 */
export async function askHealth(path: string): Promise<HealthReport> {
  return decodeHealthReport(await ask(path, "HEALTH", encodeFrame("HEALTH")));
}

/**
 * Sends one request that a report answers, and resolves with the report's payload.
 *
 * @throws {AskError} with the plugin's own refusal, and Error when nobody answers
 */
export async function ask(path: string, name: MessageName, request: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const conversation = new Conversation<ClientState>(CLIENT_STATES, "start");
  let channel: Channel | undefined;
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_socket, chunk) => {
        try {
          channel?.receive(chunk, ({ name: answer, payload }) => {
            conversation.receive(answer, "plugin");
            if (answer === "WELCOME") {
              decodeWelcome(payload);
            } else if (answer === "ERROR") {
              const { code, message } = decodeError(payload);
              reject(new AskError(code, message));
            } else {
              resolve(payload);
            }
          });
        } catch (error) {
          reject(error);
        }
      },
      drain: () => channel?.drained(),
      close: () => reject(new Error("it closed the connection without an answer")),
    },
  });
  channel = new Channel(socket);
  conversation.follow("HELLO");
  channel.send(encodeHello({ version: PROTOCOL_VERSION, features: 0 }));
  conversation.follow(name);
  channel.send(request);
  const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    channel.terminate();
  }
}
