import type { Refused } from "../policy/decision.ts";
import type { Invocation } from "../policy/evaluate.ts";
import { quote } from "../policy/printable.ts";
import type { Open } from "../protocol/client-messages.ts";
import type { Host } from "./host.ts";
import { grammarOf } from "./plugin.ts";
import { toolRunner } from "./tool-runner.ts";

const LIMIT_MS = 2000;

/** Daemons that are asking: one call at a time, for a refusal must not become a way to start processes by the dozen. */
const asking = new WeakSet<Host>();

/** A call that is refused. */
export interface RefusedCall {
  readonly invocation: Invocation;
  readonly refusal: Refused;
  /** Names the call for the processes that are started. */
  readonly mark: string;
}

/**
 * Tells a refusal: at once, unless the call's command may be an alias; then when it is known what that stands for
 * where the call was made, and with it. The tool itself is asked, as its user: what it reads is the agent's.
 */
export function tellWithAlias(host: Host, open: Open, refused: RefusedCall, tell: (refusal: Refused) => void): void {
  const word = wordOf(host, refused.invocation);
  if (word === undefined || asking.has(host)) {
    tell(refused.refusal);
  } else {
    void withAlias(host, open, word, refused).then(tell);
  }
}

function wordOf({ plugin, config }: Host, { args }: Invocation): string | undefined {
  const reading = plugin.aliasOf === undefined ? undefined : grammarOf(plugin, config)(args);
  return reading?.kind === "command" && reading.rest?.doubts?.command !== undefined ? reading.command : undefined;
}

/** Never throws: a refusal that says less is still one. */
async function withAlias(host: Host, open: Open, word: string, refused: RefusedCall): Promise<Refused> {
  const { refusal, invocation, mark } = refused;
  asking.add(host);
  try {
    const run = toolRunner(host, open, { cwd: invocation.cwd, mark, over: AbortSignal.timeout(LIMIT_MS) });
    const alias = await host.plugin.aliasOf?.(word, run);
    if (alias === undefined || alias === "") {
      return refusal;
    }
    const hint = `write out the alias ${quote(word, 40)}: ${quote(alias, 120)}`;
    return { ...refusal, message: `${refusal.message} Or ${hint}.`, denial: { ...refusal.denial, hint } };
  } catch {
    return refusal;
  } finally {
    asking.delete(host);
  }
}
