import { realpathSync, statSync } from "node:fs";
import { toolEnvironment } from "../policy/environment.ts";
import { asksForEnvironment, evaluate, type Invocation } from "../policy/evaluate.ts";
import type { Decision } from "../policy/decision.ts";
import { quote } from "../policy/printable.ts";
import type { Open } from "../protocol/client-messages.ts";
import type { ErrorName } from "../protocol/constants.ts";
import { readEnvironment } from "../protocol/environment.ts";
import type { Failed } from "./failures.ts";
import type { Host } from "./host.ts";
import { grammarOf } from "./plugin.ts";

/** What becomes of an OPEN: it cannot be answered by rules at all, or the rules' decision and the real folder to run in. */
export type Outcome =
  | Failed
  | { readonly kind: "decision"; readonly decision: Decision; readonly invocation: Invocation };

/** Here a message becomes a decision. Everything that the client says is taken as said by an enemy. */
export function decide(host: Host, open: Open): Outcome {
  const invocation = readInvocation(host, open);
  if ("kind" in invocation) {
    return invocation;
  }
  const decision = evaluate(host.config, grammarOf(host.plugin, host.config), invocation, host.roots);
  return { kind: "decision", decision, invocation };
}

/** What rules can be asked about, or why they cannot. */
export function readInvocation({ config, plugin }: Host, open: Open): Invocation | Failed {
  const tool = plugin.name;
  if (open.tool !== tool) {
    return error(
      "wrong_tool",
      `This socket is of the ${tool} plugin, not of ${quote(open.tool)}; use the socket of that tool`,
    );
  }
  const cwd = resolveFolder(open.cwd);
  if (cwd === undefined) {
    return error(
      "cwd_unusable",
      `Cannot work in ${quote(open.cwd, 200)}: the ${tool} plugin sees no such folder; change to one that it sees too`,
    );
  }
  // Few rules look at the environment, and few calls should pay for reading it.
  const env = asksForEnvironment(config) ? toolEnvironment(config, readEnvironment(open.env), {}) : {};
  return { args: open.args, cwd, env };
}

function error(code: ErrorName, message: string): Failed {
  return { kind: "error", code, message };
}

/** The real path, so that no symlink and no `..` leads out of the roots. A race is harmless: the tool's user is the boundary. */
function resolveFolder(path: string): string | undefined {
  try {
    const real = path.startsWith("/") ? realpathSync(path) : undefined;
    return real !== undefined && statSync(real).isDirectory() ? real : undefined;
  } catch {
    return undefined;
  }
}
