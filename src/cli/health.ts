import { askHealth } from "../protocol/ask-health.ts";
import { brokerHealth } from "../broker/ask-health.ts";
import { jsonText, STATUS, type Report } from "./report.ts";

/** `plugin-server health`: asks the plugin that listens on a socket, or the broker at a URL, how it is. The answer is yes when it takes calls. */
export async function health(socket: string, json: boolean): Promise<Report> {
  if (socket.startsWith("http://")) {
    return await askBroker(socket, json);
  }
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

async function askBroker(url: string, json: boolean): Promise<Report> {
  try {
    const report = await brokerHealth(url);
    const line = [`${report.tool} broker ${report.state}`, `${report.requests} running`, ...report.problems].join(", ");
    const status = report.state === "ready" ? STATUS.ok : STATUS.no;
    return { status, stdout: json ? jsonText(report) : `${line}\n`, stderr: "" };
  } catch (error) {
    return { status: STATUS.no, stdout: "", stderr: `plugin-server: ${(error as Error).message}\n` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket; the plugin has not been started",
  ECONNREFUSED: "nobody listens; the plugin has ended",
};
