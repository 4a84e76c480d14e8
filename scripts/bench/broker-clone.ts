import { rmSync } from "node:fs";

import { gitEnvironment } from "../../plugins/git/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";
import type { Authority } from "../../test/helpers/authority.ts";
import { brokerCa, costRow, peakRow, startBroker, type Through } from "./brokered.ts";
import { interleave } from "./interleave.ts";
import type { Options, Report } from "./report.ts";
import { makeLargeRepository } from "./repository.ts";
import { Served } from "./served.ts";
import { timed } from "./timed.ts";
import { TOP, type Workplace } from "./workplace.ts";

const CLONE_MIB = 310;
const TOKEN = "a-token-of-the-benchmark";

/** A clone of a repository of some size, whose server has a private CA and wants a token. */
export async function benchClone(place: Workplace, authority: Authority, { isQuick }: Options): Promise<Report> {
  const mib = isQuick ? 30 : CLONE_MIB;
  const root = place.path("git-root");
  makeLargeRepository(`${root}/acme/large.git`, mib, place.env);
  const { cert, key } = await authority.issue("IP:127.0.0.1");
  const main = `${TOP}/test/helpers/git-server-main.ts`;
  const command = [process.execPath, main, root, cert, key, TOKEN, "127.0.0.1", "0"];
  await using server = await Served.start(place, "git-server", command);
  const { host } = new URL(server.url);
  const config = `plugin: git
credentials: { "${host}": { file: ${place.path("git-token")} } }
broker: { allowed_repos: ["${host}/acme/*"], hosts: { "${host}": { ca_file: ${authority.file} } } }
`;
  await using broker = await startBroker(place, { tool: "git", config, token: TOKEN });
  const header = `Authorization: Basic ${Buffer.from(`x:${TOKEN}`).toString("base64")}`;
  const direct = {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: header,
    GIT_CONFIG_KEY_1: "http.sslCAInfo",
    GIT_CONFIG_VALUE_1: authority.file,
  };
  const own = gitEnvironment({
    config: parseConfig(config, "git.yaml"),
    args: ["clone"],
    broker: { url: broker.url, caFile: brokerCa(place, "git") },
    environment: {},
  });
  const cloned = place.path("clone");
  const measure = (env: Readonly<Record<string, string>>) => () => {
    rmSync(cloned, { recursive: true, force: true });
    return timed(["git", "clone", "-q", `${server.url}/acme/large.git`, cloned], {
      cwd: place.folder,
      env: { ...place.env, GIT_CONFIG_NOSYSTEM: "1", ...env },
    });
  };
  const found = await interleave<Through>(
    { broker: measure(own), direct: measure(direct) },
    { rounds: isQuick ? 2 : 9, warmup: 1 },
  );
  rmSync(cloned, { recursive: true, force: true });
  const what = `\`git clone\` of ${mib} MiB through the broker, against direct`;
  return {
    rows: [costRow(what, found, 1.1), peakRow(`memory of git's broker at its peak, after all these clones`, broker)],
    samples: { "clone broker": found.broker, "clone direct": found.direct },
  };
}
