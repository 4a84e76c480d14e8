import type { ErrorName } from "../protocol/constants.ts";
import type { Host } from "./host.ts";
import { log } from "./log.ts";
import { NotStarted } from "./tool-run.ts";

/** An ERROR in the making: why a call has no ending of its own. */
export interface Failure {
  readonly code: ErrorName;
  readonly message: string;
}

/** The same as one of several outcomes. */
export type Failed = Failure & { readonly kind: "error" };

/** What a client is told whose call has not begun: it may ask again, and does. */
export function drainingMessage(tool: string): string {
  return `The ${tool} plugin is being replaced and takes no new calls; the next one will`;
}

export function stoppingMessage(tool: string): string {
  return `The ${tool} plugin was stopped while ${tool} ran; run it again once the plugin is back`;
}

export function busyFailure({ plugin, config }: Host): Failure {
  const { sessions, queue } = config.limits;
  const found = `${sessions} calls run and up to ${queue} wait`;
  return {
    code: "busy",
    message: `The ${plugin.name} plugin is busy: ${found}; try again later, or raise limits.sessions in its config`,
  };
}

/** Too many calls wait for a person already. */
export function crowdedFailure({ plugin, config }: Host): Failure {
  const found = `${config.limits.queue} calls wait for a person's approval`;
  return {
    code: "busy",
    message: `The ${plugin.name} plugin is busy: ${found}; try again later, or raise limits.queue in its config`,
  };
}

/** What went wrong inside is for the log, not for the client. */
export function internalFailure({ plugin }: Host, error: unknown): Failed {
  log("error", "internal", { tool: plugin.name, error: String(error instanceof Error ? error.stack : error) });
  return { kind: "error", code: "internal", message: "The plugin failed; its log says how" };
}

export function notStartedFailure(error: Error): Failure {
  return error instanceof NotStarted && error.code === "ENOENT"
    ? {
        code: "tool_missing",
        message: `Cannot start ${error.file}: it is not installed beside the plugin; install it there, or set exec in the config`,
      }
    : { code: "tool_not_started", message: error.message };
}
