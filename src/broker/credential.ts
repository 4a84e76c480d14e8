import { closeSync, openSync, readSync } from "node:fs";
import { basename, dirname } from "node:path";

import type { CredentialReference } from "../policy/broker-config.ts";
import { runCommand, type Minted } from "./credential-command.ts";
import { secretPath } from "./secret-path.ts";

/** A secret in use. It never leaves the broker but in the header of a request to its own host. */
export interface Credential {
  readonly secret: string;
  readonly username: string | undefined;
  /** What to call it in front of people: `the token in secrets/github_token`. */
  readonly label: string;
  /** Whether the next one may be another: it was kept from an earlier request. */
  readonly isKept: boolean;
}

/** A credential that cannot be had: `credential_unreadable`. The message names the reference, never a content. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
  readonly code = "credential_unreadable";
}

/** The credentials of one broker. Files and variables are read for each request, so that a new token counts at once. */
export class Credentials {
  readonly #kept = new Map<string, Promise<Minted>>();

  /** @throws {CredentialError} */
  async get({ source, username }: CredentialReference): Promise<Credential> {
    const label = labelOf(source);
    if (source.kind !== "command") {
      const secret = source.kind === "file" ? readSecretFile(source.path, label) : process.env[source.name];
      return { secret: checked(secret, label), username, label, isKept: false };
    }
    const key = JSON.stringify(source.command);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      const minted = await kept.catch(() => undefined);
      if (minted !== undefined && Date.now() < minted.untilMs) {
        return { secret: checked(minted.secret, label), username, label, isKept: true };
      }
    }
    // Whoever comes while the command runs waits for the same run of it.
    const current = this.#kept.get(key);
    const running = current === kept || current === undefined ? runCommand(source.command, source.cacheMs) : current;
    this.#kept.set(key, running);
    try {
      const { secret } = await running;
      return { secret: checked(secret, label), username, label, isKept: false };
    } catch (error) {
      this.#kept.delete(key);
      throw new CredentialError(`Cannot get ${label}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The upstream has refused what a command printed: the next request asks the command again. */
  forget({ source }: CredentialReference): void {
    if (source.kind === "command") {
      this.#kept.delete(JSON.stringify(source.command));
    }
  }
}

/** What a secret is called: by where it is. */
export function labelOf(source: CredentialReference["source"]): string {
  if (source.kind === "file") {
    return `the token in ${basename(dirname(source.path))}/${basename(source.path)}`;
  }
  return source.kind === "env"
    ? `the token in the variable ${source.name}`
    : `the token that ${basename(source.command[0] ?? "")} prints`;
}

const MAX_SECRET_BYTES = 16 * 1024;

function readSecretFile(path: string, label: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(secretPath(path), "r");
    const bytes = new Uint8Array(MAX_SECRET_BYTES + 1);
    const length = readSync(descriptor, bytes, 0, bytes.length, null);
    return Buffer.from(bytes.buffer, 0, length).toString("latin1");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it cannot be read";
    throw new CredentialError(`Cannot read ${label}: ${reason}`, { cause: error });
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
  }
}

/** A secret as a header can carry it: one line of printable ASCII, so that it cannot become a header of its own. */
function checked(text: string | undefined, label: string): string {
  const secret = text?.trim() ?? "";
  if (secret === "") {
    throw new CredentialError(`Cannot use ${label}: it is ${text === undefined ? "not set" : "empty"}`);
  }
  if (secret.length > MAX_SECRET_BYTES || !/^[\x21-\x7e]+$/.test(secret)) {
    throw new CredentialError(`Cannot use ${label}: it is not one line of printable characters without blanks`);
  }
  return secret;
}
