import type { BrokerConfig, CredentialReference } from "./broker-config.ts";
import type { DeclaredGrammar } from "./declared-grammar.ts";
import type { ShortForms } from "./expand-rules.ts";
import { startOf, type Listed, type Place } from "./place.ts";
import type { Effect, Rule } from "./rule.ts";

export { startOf };
export type { Listed, Place };

/** The config of one plugin, checked and with its defaults filled in. Made by `parseConfig` and `loadConfig` only. */
export interface Config {
  /** Name of the tool: its socket, its wrapper and the grammar that reads its arguments. */
  readonly plugin: string;
  /** The file it came from, as it was given to `loadConfig`. */
  readonly file: string;
  /** Absolute path of the tool; undefined: found by the plugin's name on the plugin's own PATH. */
  readonly exec: string | undefined;
  readonly rules: Rules;
  /** What becomes of a call that no rule decides about. */
  readonly defaultEffect: Effect;
  /** `audit`: every call runs, and the log says what would have been refused. */
  readonly enforcement: "enforce" | "audit";
  /** How to read the tool's arguments; undefined: as the plugin's own grammar does. */
  readonly grammar: DeclaredGrammar | undefined;
  readonly env: EnvironmentRules;
  /** Folders below which a tool may be started, as written; undefined: the daemon's workspace. */
  readonly roots: readonly string[] | undefined;
  readonly limits: Limits;
  /** `auto`: descriptors where they can be passed; `relay`: every byte travels through the plugin. */
  readonly stdio: "auto" | "relay";
  /** What becomes of what a tool leaves running when it ends. */
  readonly background: "end" | "keep";
  /** Whether npm is told to leave the scripts of packages alone. */
  readonly ignoreScripts: boolean;
  readonly access: Access;
  readonly cases: readonly Case[];
  /** Where the secret for each host is; for the broker alone. */
  readonly credentials: ReadonlyMap<string, CredentialReference>;
  readonly broker: BrokerConfig;
  /** Place of every key (`rules.allowed_commands`) and list item (`roots.0`) that the file contains. */
  readonly places: ReadonlyMap<string, Place>;
}

/** What may be called: all rules in the order in which they are asked, and the short forms as they are written. */
export interface Rules extends ShortForms {
  readonly ordered: readonly Rule[];
}

/** What of the caller's environment the tool sees. */
export interface EnvironmentRules {
  /** Names, or patterns with `*` and `?`, that the client may fill. */
  readonly pass: readonly string[];
  /** Fixed by the config; stronger than anything the client sends. */
  readonly set: Readonly<Record<string, string>>;
}

/** Bounds of one daemon. Undefined means no bound. */
export interface Limits {
  /** Tools that run at the same time. */
  readonly sessions: number;
  /** Invocations that may wait for a free session. */
  readonly queue: number;
  readonly queueMs: number;
  /** The longest that an invocation may wait for a person's answer. */
  readonly approvalMs: number;
  /** The longest that a tool may run. */
  readonly timeoutMs: number | undefined;
  /** The longest that no byte may pass in either direction. Only measured with `stdio: relay`. */
  readonly idleMs: number | undefined;
  /** Time between TERM and KILL. */
  readonly graceMs: number;
  /** Open connections, also those that have not asked for anything yet. */
  readonly connections: number;
  /** The longest that a new connection may take to say what it wants. */
  readonly handshakeMs: number;
}

/** Who may connect. */
export interface Access {
  /** User ids by SO_PEERCRED; undefined: whoever the socket's mode lets in. */
  readonly uids: readonly number[] | undefined;
  /** Permission bits of the socket. */
  readonly mode: number;
  /** Group of the socket; undefined: the daemon's. */
  readonly gid: number | undefined;
}

/** A test case that a config carries: what these arguments must lead to. */
export interface Case {
  /** Arguments, without the tool's name. */
  readonly run: readonly string[];
  readonly expect: Effect;
  /** The rule that must decide; undefined: any. */
  readonly rule: string | undefined;
  /** Folder of the call; undefined: the first root. */
  readonly cwd: string | undefined;
  /** What the caller's environment holds; of it the tool gets what `env.pass` lists. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly place: Place;
}
