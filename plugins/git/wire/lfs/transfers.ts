import { randomBytes } from "node:crypto";

import type { Repository } from "../route.ts";

/** What the upstream said about where an object is to be read or written. It may hold credentials: no tool sees it. */
export interface Transfer {
  readonly repository: Repository;
  readonly action: "download" | "upload" | "verify";
  readonly oid: string;
  readonly sizeBytes: number;
  readonly host: string;
  /** With its query, which may be a signature. */
  readonly path: string;
  /** As the upstream wants them sent, names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the credential of the host goes with it. */
  readonly isAnonymous: boolean;
  readonly untilMs: number;
}

/** The most that are kept. git-lfs asks for 100 objects at a time, and transfers them before it asks for more. */
const MAX_TRANSFERS = 4096;

/** What was promised to tools, each under a name that nobody can guess. Those of a broker that has ended are gone. */
export class Transfers {
  readonly #byToken = new Map<string, Transfer>();

  /** Keeps it until it expires, and returns what stands for it. The eldest goes when there are too many. */
  keep(transfer: Transfer): string {
    for (const token of this.#byToken.keys()) {
      if (this.#byToken.size < MAX_TRANSFERS) {
        break;
      }
      this.#byToken.delete(token);
    }
    const token = randomBytes(24).toString("base64url");
    this.#byToken.set(token, transfer);
    return token;
  }

  /** The transfer that was promised under this name, to this repository; undefined when there is none, or not any more. */
  find(token: string, { host, path }: Repository): Transfer | undefined {
    const transfer = this.#byToken.get(token);
    if (transfer !== undefined && transfer.untilMs <= Date.now()) {
      this.#byToken.delete(token);
      return undefined;
    }
    return transfer?.repository.host === host && transfer.repository.path === path ? transfer : undefined;
  }
}
