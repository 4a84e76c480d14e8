import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";

import { npmEnvironment } from "../../plugins/npm/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";
import type { Authority } from "../../test/helpers/authority.ts";
import { findVerdaccio, NpmRegistry } from "../../test/helpers/npm-registry.ts";
import { costRow, peakRow, startBroker, type Through } from "./brokered.ts";
import { interleave } from "./interleave.ts";
import { FIRST, publishPackages } from "./packages.ts";
import type { Options, Report } from "./report.ts";
import { timed } from "./timed.ts";
import type { Workplace } from "./workplace.ts";

const PACKAGES = 220;

/** An install of many small packages, of which nothing is there yet, from a registry with a private CA and a token. */
export async function benchInstall(place: Workplace, authority: Authority, { isQuick }: Options): Promise<Report> {
  const verdaccio = await findVerdaccio();
  if (verdaccio === undefined) {
    return { rows: [], samples: {}, notes: ["npm's broker is not measured: verdaccio cannot be installed here"] };
  }
  const count = isQuick ? 20 : PACKAGES;
  await using registry = await NpmRegistry.start(verdaccio, authority);
  place.running.add(registry);
  await publishPackages(registry, place.path("packages"), count);
  const config = `plugin: npm
credentials: { "${registry.host}": { file: ${place.path("npm-token")} } }
broker: { registries: { default: "${registry.url}" }, hosts: { "${registry.host}": { ca_file: ${authority.file} } } }
`;
  await using broker = await startBroker(place, { tool: "npm", config, token: registry.token });
  const own = npmEnvironment({
    config: parseConfig(config, "npm.yaml"),
    args: [],
    broker: { url: broker.url, caFile: undefined },
    environment: {},
  });
  const app = place.path("app");
  const measure = (env: Readonly<Record<string, string>>) => () => {
    rmSync(app, { recursive: true, force: true });
    mkdirSync(`${app}/home`, { recursive: true });
    writeFileSync(`${app}/package.json`, JSON.stringify({ dependencies: { [FIRST]: "^1.0.0" } }));
    const ms = timed(["npm", "install", "--no-audit", "--no-fund"], {
      cwd: app,
      env: { ...place.env, HOME: `${app}/home`, npm_config_update_notifier: "false", ...env },
    });
    const installed = readdirSync(`${app}/node_modules`).filter((name) => name.startsWith("bench-")).length;
    if (installed !== count) {
      throw new Error(`Cannot measure npm install: ${installed} of ${count} packages are there`);
    }
    return ms;
  };
  const found = await interleave<Through>(
    { broker: measure(own), direct: measure(registry.direct()) },
    { rounds: isQuick ? 2 : 5, warmup: 1 },
  );
  place.running.delete(registry);
  const what = `\`npm install\` of ${count} packages, nothing in its cache, through the broker, against direct`;
  return {
    rows: [costRow(what, found, 1.15), peakRow("memory of npm's broker at its peak, after all these installs", broker)],
    samples: { "install broker": found.broker, "install direct": found.direct },
  };
}
