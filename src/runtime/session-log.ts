import type { Decision } from "../policy/decision.ts";
import type { Open } from "../protocol/client-messages.ts";
import { log } from "./log.ts";
import type { LogFields } from "./log.ts";

/** Arguments and folders are cut to this in the log. */
const MAX_LOGGED_CHARS = 4096;
const MAX_TOOL_CHARS = 64;

/** The one line of a session. Values of the environment and data of the streams are never in it. */
export function logSession(open: Open, decision: Decision | undefined, rest: LogFields): void {
  log("info", "session", {
    tool: open.tool.slice(0, MAX_TOOL_CHARS),
    args: JSON.stringify(open.args).slice(0, MAX_LOGGED_CHARS),
    cwd: open.cwd.slice(0, MAX_LOGGED_CHARS),
    decision: decision?.effect,
    rule: decision?.rule,
    ...rest,
  });
}
