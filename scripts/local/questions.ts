import { existsSync } from "node:fs";

import { approvalsPath, type Home } from "../home/home.ts";
import type { PluginStatus } from "../home/plugin-status.ts";
import { readQuestions, withQuestions } from "../home/questions.ts";

const ASK_MS = 5_000;

/** The row, with how many calls wait for a person at this plugin; one that does not answer is not asked. */
export async function askQuestions(home: Home, row: PluginStatus): Promise<PluginStatus> {
  const path = approvalsPath(home, row.tool);
  if (row.since === null || !existsSync(path)) {
    return row;
  }
  const asking = Bun.spawn([home.server, "approvals", "list", path, "--json"], {
    cwd: home.folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: ASK_MS,
  });
  return withQuestions(row, readQuestions(await asking.stdout.text()));
}
