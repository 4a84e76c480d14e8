import type { Open } from "../protocol/client-messages.ts";
import type { Host } from "./host.ts";
import { toolRunner } from "./tool-runner.ts";

/** All of one preview: a person waits for it. */
const LIMIT_MS = 3000;
const MAX_PREVIEW_CHARS = 16 * 1024;

/**
 * What the plugin of the tool says that a call would change; null when it says nothing. Never throws: a question
 * without a preview is still a question.
 */
export async function previewOf(host: Host, open: Open, cwd: string, mark: string): Promise<string | null> {
  const { preview } = host.plugin;
  if (preview === undefined) {
    return null;
  }
  const over = AbortSignal.timeout(LIMIT_MS);
  const run = toolRunner(host, open, { cwd, mark, over });
  try {
    const late = new Promise<string>((settle) => {
      over.addEventListener("abort", () =>
        settle(`It took longer than ${LIMIT_MS / 1000} s to find out what this does.`),
      );
    });
    const text = await Promise.race([preview({ args: open.args, run }), late]);
    if (text === undefined) {
      return null;
    }
    return text.length <= MAX_PREVIEW_CHARS
      ? text
      : `${text.slice(0, MAX_PREVIEW_CHARS)}\n… and ${text.length - MAX_PREVIEW_CHARS} characters more, which are not shown`;
  } catch {
    return "It could not be found out what this does.";
  }
}
