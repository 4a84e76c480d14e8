import { readQuestions } from "../home/questions.ts";
import { docker } from "./docker.ts";

/** How many calls wait for a person at the plugin of a container; as its root, who alone may ask. */
export async function countQuestions(container: string): Promise<number | undefined> {
  const { stdout } = await docker(["exec", "--user", "0", container, "sh", "-c", ASK], ASK_MS);
  return readQuestions(stdout);
}

// The image knows which tool it is for.
const ASK = 'exec plugin-server approvals list "/run/approvals/$PLUGIN_TOOL.sock" --json';

const ASK_MS = 5_000;
