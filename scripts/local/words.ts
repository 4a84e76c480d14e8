import { logPath, type Home } from "../home/home.ts";
import { lastWords } from "../home/last-words.ts";
import type { RunRecord } from "./record.ts";

/** The end of what this run wrote: the log holds those before it too. */
export async function lastWordsOf(home: Home, name: string, record: RunRecord): Promise<string> {
  const log = Bun.file(logPath(home, name));
  const written = (await log.exists()) ? await log.slice(record.logOffset).text() : "";
  const words = lastWords(written);
  return words === null ? "exited without a word" : `exited: ${words}`;
}
