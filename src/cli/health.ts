import { askHealth } from "../protocol/ask-health.ts";
import { jsonText, STATUS, type Report } from "./report.ts";

/** `plugin-server health`: asks the plugin that listens on a socket how it is. The answer is yes when it takes calls. */
export async function health(socket: string, json: boolean): Promise<Report> {
  try {
    const report = await askHealth(socket);
    const { tool, state, sessions, carrier, problem } = report;
    const line = [`${tool} ${state}`, `${sessions} running`, `last carrier ${carrier}`, problem]
      .filter(Boolean)
      .join(", ");
    const status = state === "ready" ? STATUS.ok : STATUS.no;
    return { status, stdout: json ? jsonText(report) : `${line}\n`, stderr: "" };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ""] ?? code ?? message;
    return { status: STATUS.no, stdout: "", stderr: `plugin-server: Cannot ask ${socket}: ${reason}\n` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket; the plugin has not been started",
  ECONNREFUSED: "nobody listens; the plugin has ended",
};
