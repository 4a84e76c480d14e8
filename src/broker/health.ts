/** Where a health check asks. No host has this name. */
export const HEALTH_PATH = "/-/health";

/** How a broker is, as `status` and a health check read it. */
export interface BrokerHealth {
  readonly state: "ready" | "stopping";
  readonly tool: string;
  readonly requests: number;
  /** What does not work, one sentence each: a broken config, a refused token, a host that cannot be reached. */
  readonly problems: readonly string[];
}

/** What is known of the hosts from the last request to each. */
export class Problems {
  readonly #byHost = new Map<string, string>();

  /** Something about this host does not work. */
  note(host: string, problem: string): void {
    this.#byHost.set(host, problem);
  }

  /** The host has answered as it should. */
  clear(host: string): void {
    this.#byHost.delete(host);
  }

  list(): string[] {
    return [...this.#byHost.values()];
  }
}
