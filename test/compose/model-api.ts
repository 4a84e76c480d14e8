// A stand-in for the model's API (streamed messages): it asks for one Bash command after the other, whatever it is told,
// and keeps what the agent sends back. usage: bun model-api.ts PORT COMMAND…
// GET /results has the results of the tools so far.

import { randomUUID } from "node:crypto";

interface Block {
  readonly type: string;
  readonly content?: unknown;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

const [port = "", ...commands] = process.argv.slice(2);
let results: unknown[] = [];

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/results") {
      return Response.json(results);
    }
    if (pathname.endsWith("/count_tokens")) {
      return Response.json({ input_tokens: 1 });
    }
    if (pathname !== "/v1/messages") {
      return Response.json({ type: "error", error: { type: "not_found_error", message: pathname } }, { status: 404 });
    }
    const { messages, tools = [] } = (await request.json()) as { messages: Message[]; tools?: unknown[] };
    const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
    const given = blocks.filter(({ type }) => type === "tool_result");
    if (tools.length > 0) {
      results = given.map(({ content }) => content);
    }
    // Side questions, such as the one for a title, have no tools.
    const next = tools.length > 0 ? commands[given.length] : undefined;
    return new Response(stream(next), { headers: { "content-type": "text/event-stream" } });
  },
});
console.log("ready");

/** One answer: the next command, or that all is done. */
function stream(command: string | undefined): string {
  const isCall = command !== undefined;
  const block = isCall
    ? { type: "tool_use", id: `toolu_${randomUUID().slice(0, 8)}`, name: "Bash", input: {} }
    : { type: "text", text: "" };
  const delta = isCall
    ? { type: "input_json_delta", partial_json: JSON.stringify({ command, description: "as scripted" }) }
    : { type: "text_delta", text: "All done." };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "scripted", content: [], usage };
  return [
    { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null } },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: isCall ? "tool_use" : "end_turn", stop_sequence: null }, usage },
    { type: "message_stop" },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
