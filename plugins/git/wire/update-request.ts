import { FLUSH, pktLine } from "./pkt-line.ts";

/** One ref that a push wants to change. */
export interface Command {
  /** All zeros: the ref is to be made. */
  readonly before: string;
  /** All zeros: the ref is to be deleted. */
  readonly after: string;
  readonly ref: string;
}

/** What a push asks for, before its pack: `update-requests` of gitprotocol-pack(5). */
export interface UpdateRequest {
  /** Where the history of a shallow clone ends. */
  readonly shallow: readonly string[];
  /** Empty for the request that only tries whether pushing is possible. */
  readonly commands: readonly Command[];
  /** Those that are known here, in the order of the tool. */
  readonly capabilities: readonly string[];
  readonly pushOptions: readonly string[];
}

export type CommandKind = "create" | "update" | "delete";

export function kindOf({ before, after }: Command): CommandKind {
  return isZero(before) ? "create" : isZero(after) ? "delete" : "update";
}

/** Whether an id stands for no object. */
export function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

/** The request in bytes, written anew, so that the upstream reads nothing that was not understood here. */
export function encodeUpdateRequest({ shallow, commands, capabilities, pushOptions }: UpdateRequest): Uint8Array {
  const lines = [
    ...shallow.map((id) => `shallow ${id}`),
    ...commands.map(
      ({ before, after, ref }, index) =>
        `${before} ${after} ${ref}${index === 0 ? `\0 ${capabilities.join(" ")}` : ""}`,
    ),
  ].map(pktLine);
  const options = capabilities.includes("push-options") ? [...pushOptions.map(pktLine), FLUSH] : [];
  return Buffer.concat([...lines, FLUSH, ...options]);
}
