import { writeFileSync } from "node:fs";

import { ratioRow, type Row } from "./report.ts";
import { Served } from "./served.ts";
import { medians, type Samples } from "./stats.ts";
import type { Workplace } from "./workplace.ts";

/** The two ways to a server. */
export type Through = "broker" | "direct";

const MAX_PEAK_MIB = 120;

export interface BrokerOptions {
  readonly tool: string;
  /** The text of its YAML, which finds the token in the file `TOOL-token` of the workplace. */
  readonly config: string;
  readonly token: string;
}

/** Starts `plugin-server broker`. */
export async function startBroker(place: Workplace, { tool, config, token }: BrokerOptions): Promise<Served> {
  const file = place.path(`${tool}-broker.yaml`);
  writeFileSync(file, config);
  writeFileSync(place.path(`${tool}-token`), token, { mode: 0o600 });
  const command = [place.server, "broker", file, "--listen", "127.0.0.1:0"];
  return await Served.start(place, `${tool}-broker`, command, { PLUGIN_BROKER_CA: brokerCa(place, tool) });
}

/** Where that broker writes down whom its tool is to believe. */
export function brokerCa(place: Workplace, tool: string): string {
  return place.path(`${tool}-broker.pem`);
}

/** What a way through the broker costs; at most so many times the direct one. */
export function costRow(what: string, samples: Samples<Through>, atMost: number): Row {
  const ms = medians(samples);
  const seconds = (value: number): string => `${(value / 1000).toFixed(2)} s`;
  return ratioRow({
    what,
    measured: `${seconds(ms.broker)}; ${seconds(ms.direct)}`,
    samples,
    ratio: ({ broker, direct }) => broker / direct,
    target: { atMost },
  });
}

/** How much memory a broker had at its peak. */
export function peakRow(what: string, broker: Served): Row {
  const mib = broker.peakMib();
  return {
    what,
    measured: "",
    result: `${mib.toFixed(1)} MiB`,
    target: `< ${MAX_PEAK_MIB} MiB`,
    isMet: mib < MAX_PEAK_MIB,
  };
}
