import { Channel } from "./channel.ts";
import { encodeHello } from "./client-messages.ts";
import { PROTOCOL_VERSION } from "./constants.ts";
import type { ErrorName, MessageName } from "./constants.ts";
import { CLIENT_STATES, Conversation } from "./conversation.ts";
import type { ClientState } from "./conversation.ts";
import { decodeError, decodeWelcome } from "./plugin-messages.ts";

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
