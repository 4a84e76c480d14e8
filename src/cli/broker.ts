import { ConfigError } from "../policy/load.ts";
import { quote } from "../policy/printable.ts";
import { nextSignal } from "./next-signal.ts";
import type { PluginSet } from "./plugin-set.ts";
import { STATUS } from "./report.ts";

/** What `plugin-server broker` was asked. */
export interface BrokerCommand {
  readonly file: string;
  /** HOST:PORT; undefined: 127.0.0.1:8080. */
  readonly address: string | undefined;
  /** Receives one line at a time, for people. */
  readonly log: (line: string) => void;
}

/** `plugin-server broker`: one broker, until TERM or INT. Resolves to the exit status. */
export async function runBroker(set: PluginSet, { file, address, log }: BrokerCommand): Promise<number> {
  const stopRequested = nextSignal();
  try {
    // Loaded only here, so that the commands that answer a question start quickly.
    const { startBroker } = await import("../broker/broker.ts");
    const { LiveConfig } = await import("../policy/live-config.ts");
    const { log: logEvent } = await import("../broker/log.ts");
    const { hostname, port } = readAddress(address ?? "127.0.0.1:8080");
    const config = new LiveConfig(file, logEvent);
    const tool = config.current.plugin;
    const plugin = set.brokers.find(({ name }) => name === tool);
    if (plugin === undefined) {
      const known = set.brokers.map(({ name }) => name).join(", ");
      throw new Error(`There is no broker for ${tool}; there are brokers for ${known}`);
    }
    const caFile = process.env["PLUGIN_BROKER_CA"];
    const broker = await startBroker({ config, plugin, hostname, port, caFile });
    log(`plugin-server: the broker of ${tool} is ready at ${broker.url}`);
    const signal = await stopRequested;
    log(`plugin-server: the broker of ${tool} is stopping (${signal})`);
    await broker.stop();
    return STATUS.ok;
  } catch (error) {
    log(error instanceof ConfigError ? error.message : `plugin-server: ${(error as Error).message}`);
    return STATUS.no;
  }
}

function readAddress(address: string): { hostname: string; port: number } {
  const [, hostname = "", port = ""] = /^([\w.-]+):(\d{1,5})$/.exec(address) ?? [];
  if (hostname === "" || Number(port) > 65_535) {
    throw new Error(`--listen must be HOST:PORT such as 0.0.0.0:8080, found ${quote(address)}`);
  }
  return { hostname, port: Number(port) };
}
