import { describe, expect, test } from "bun:test";
import { MESSAGE } from "../../src/protocol/constants.ts";
import type { MessageName } from "../../src/protocol/constants.ts";
import { CLIENT_STATES, Conversation, PLUGIN_STATES } from "../../src/protocol/conversation.ts";
import type { ClientState, PluginState } from "../../src/protocol/conversation.ts";
import { refusal } from "./refusal.ts";

const names = Object.keys(MESSAGE) as MessageName[];
const isOfClient = (name: MessageName): boolean => MESSAGE[name] < 0x80;

/** `MESSAGE>state`; a message without an arrow stays in its state. Whatever is not here is refused. */
const relaying =
  "WANT_INPUT STDIN STDIN_END>input_ended STDOUT STDERR OUTPUT_END WANT_OUTPUT OUTPUT_CLOSED SIGNAL WINDOW EXIT>over ERROR>over";
const inputEnded = "WANT_INPUT STDOUT STDERR OUTPUT_END WANT_OUTPUT OUTPUT_CLOSED SIGNAL WINDOW EXIT>over ERROR>over";

const PLUGIN: Record<PluginState, string> = {
  start: "HELLO>greeted ERROR>over",
  greeted: "WELCOME>welcomed ERROR>over",
  welcomed: "OPEN>opened HEALTH>asked CAPABILITIES>asked EXPLAIN>asked ERROR>over",
  asked: "HEALTH_REPORT>over CAPABILITIES_REPORT>over EXPLANATION>over ERROR>over",
  opened: "SIGNAL PENDING EXPLANATION ALLOW>relaying DENY>over EXIT>over ERROR>over",
  relaying,
  input_ended: inputEnded,
  over: "HELLO OPEN HEALTH CAPABILITIES EXPLAIN STDIN STDIN_END WANT_OUTPUT OUTPUT_CLOSED SIGNAL WINDOW",
};

const CLIENT: Record<ClientState, string> = {
  start: "HELLO>greeting",
  greeting: "OPEN>opening HEALTH>asking CAPABILITIES>asking EXPLAIN>asking",
  asking: "WELCOME>asking_welcomed ERROR>over",
  asking_welcomed: "HEALTH_REPORT>over CAPABILITIES_REPORT>over EXPLANATION>over ERROR>over",
  opening: "SIGNAL WELCOME>waiting ERROR>over",
  waiting: "SIGNAL PENDING EXPLANATION ALLOW>relaying DENY>over EXIT>over ERROR>over",
  relaying,
  input_ended: inputEnded,
  over: "",
};

function cells(table: Record<string, string>): { state: string; name: MessageName; next: string | undefined }[] {
  return Object.entries(table).flatMap(([state, row]) => {
    const accepted = new Map(
      row
        .split(" ")
        .map((cell) => (cell.split(">").length === 1 ? [cell, state] : cell.split(">")) as [string, string]),
    );
    return names.map((name) => ({ state, name, next: accepted.get(name) }));
  });
}

describe.each([
  { role: "plugin" as const, table: PLUGIN, states: PLUGIN_STATES },
  { role: "client" as const, table: CLIENT, states: CLIENT_STATES },
])("Conversation of the $role", ({ role, table, states }) => {
  const start = (state: string): Conversation<string> => new Conversation<string>(states, state);
  const isOwn = (name: MessageName): boolean => isOfClient(name) === (role === "client");

  test("Conversation has these states and no others", () => {
    expect(Object.keys(states).toSorted()).toEqual(Object.keys(table).toSorted());
  });

  test("Conversation names every message in some state", () => {
    const named = new Set(cells(table).flatMap(({ name, next }) => (next === undefined ? [] : [name])));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });

  test.each(cells(table).filter(({ next }) => next !== undefined))(
    "Conversation in $state takes $name and is then $next",
    ({ state, name, next }) => {
      const conversation = start(state);
      conversation.follow(name);
      expect(conversation.state).toBe(next ?? "");
    },
  );

  test.each(Object.keys(table).map((state) => ({ state })))(
    "Conversation in $state refuses every other message and stays",
    ({ state }) => {
      for (const { name } of cells(table).filter((cell) => cell.state === state && cell.next === undefined)) {
        const conversation = start(state);
        const accepted = Object.keys(states[state as keyof typeof states]).join(", ") || "none";
        expect(refusal(() => conversation.follow(name))).toEqual({
          code: "unexpected_message",
          message: `Cannot take ${name} in state ${state}: accepted are ${accepted}`,
        });
        expect(conversation.state).toBe(state);
      }
    },
  );

  test.each(Object.keys(table).map((state) => ({ state })))(
    "Conversation in $state receives a message only from the side that sends it",
    ({ state }) => {
      const other = role === "client" ? "plugin" : "client";
      for (const { name, next } of cells(table).filter((cell) => cell.state === state)) {
        const conversation = start(state);
        if (next === undefined || isOwn(name)) {
          expect(refusal(() => conversation.receive(name, other)).code).toBe("unexpected_message");
          expect(conversation.state).toBe(state);
        } else {
          conversation.receive(name, other);
          expect(conversation.state).toBe(next);
        }
      }
    },
  );
});

describe("Conversation", () => {
  test.each([
    { name: "descriptors", messages: "HELLO WELCOME OPEN SIGNAL EXIT" },
    {
      name: "frames",
      messages: "HELLO WELCOME OPEN ALLOW WANT_INPUT WANT_OUTPUT STDIN STDOUT STDIN_END STDERR OUTPUT_END EXIT",
    },
    { name: "a tool that cannot be started", messages: "HELLO WELCOME OPEN ALLOW ERROR" },
    { name: "a denial", messages: "HELLO WELCOME OPEN DENY" },
    { name: "a health report", messages: "HELLO WELCOME HEALTH HEALTH_REPORT" },
    { name: "a denial that is explained", messages: "HELLO WELCOME OPEN EXPLANATION DENY" },
    { name: "a call that waits for a person", messages: "HELLO WELCOME OPEN PENDING PENDING EXIT" },
    { name: "an explanation", messages: "HELLO WELCOME EXPLAIN EXPLANATION" },
    { name: "a report of what is allowed", messages: "HELLO WELCOME CAPABILITIES CAPABILITIES_REPORT" },
  ])(
    "Conversation of both sides goes through $name, the client's second message ahead of the plugin's first",
    ({ messages }) => {
      const plugin = new Conversation(PLUGIN_STATES, "start");
      const client = new Conversation(CLIENT_STATES, "start");
      const all = messages.split(" ") as MessageName[];
      all.forEach((name) => plugin.follow(name));
      const [hello, welcome, second, ...rest] = all as [MessageName, MessageName, MessageName, ...MessageName[]];
      [hello, second, welcome, ...rest].forEach((name) => client.follow(name));
      expect([plugin.state, client.state]).toEqual(["over", "over"]);
    },
  );

  test("Conversation of the client sends signals while it has not read anything yet, for WELCOME may come with EXIT", () => {
    const client = new Conversation(CLIENT_STATES, "start");
    (["HELLO", "OPEN", "SIGNAL", "SIGNAL", "WELCOME", "SIGNAL", "EXIT"] as const).forEach((name) =>
      client.follow(name),
    );
    expect(client.state).toBe("over");
  });

  test.each(["STDIN", "STDIN_END", "WANT_OUTPUT", "OUTPUT_CLOSED", "WINDOW"] as const)(
    "Conversation of the plugin refuses %s before ALLOW: what the streams carry needs frames",
    (name) => {
      const plugin = new Conversation<PluginState>(PLUGIN_STATES, "opened");
      expect(refusal(() => plugin.receive(name, "client")).code).toBe("unexpected_message");
    },
  );

  test("Conversation of the plugin drops what a client had pipelined when it was refused before its HELLO was read", () => {
    const plugin = new Conversation(PLUGIN_STATES, "start");
    plugin.follow("ERROR");
    plugin.receive("HELLO", "client");
    plugin.receive("OPEN", "client");
    expect(plugin.state).toBe("over");
  });

  test("Conversation of the plugin is not driven by a client that sends the plugin's own messages", () => {
    const plugin = new Conversation<PluginState>(PLUGIN_STATES, "opened");
    expect(refusal(() => plugin.receive("ALLOW", "client"))).toEqual({
      code: "unexpected_message",
      message: "Cannot take ALLOW from a client: only a plugin sends it",
    });
    expect(plugin.state).toBe("opened");
  });

  test("PLUGIN_STATES and CLIENT_STATES let ERROR end every conversation that is under way", () => {
    for (const states of [PLUGIN_STATES, CLIENT_STATES]) {
      for (const [state, accepted] of Object.entries(states)) {
        const isWithoutError = state === "over" || (states === CLIENT_STATES && ["start", "greeting"].includes(state));
        expect(accepted.ERROR, state).toBe(isWithoutError ? undefined : "over");
      }
    }
  });
});
