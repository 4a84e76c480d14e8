import type { BrokerAddress, PluginCall } from "../../src/runtime/plugin.ts";
import { readGitArguments } from "./grammar.ts";
import { allowedHosts, nameOf } from "./wire/allowed-repos.ts";
import { SSH } from "./wire/target.ts";

/**
 * What git is given so that it does all its work before it ends, and asks the broker, whatever a remote's URL is:
 * settings of the command's own scope, which are stronger than those of the repository. That is for convenience: whoever
 * gets around them has no credential.
 *
 * The broker is a proxy to git, and answers for every host by TLS, so that what git says of a remote (`To …`, `fatal:
 * unable to access …`, the message of a merge) has the user's own address in it.
 */
export function gitEnvironment({ config, args, broker, environment }: PluginCall): Record<string, string> {
  const settings = [
    ...(config.background === "end" ? FOREGROUND : []),
    ...(broker === undefined ? [] : brokerSettings(broker, args, config)),
  ];
  if (settings.length === 0) {
    return {};
  }
  const before = countOf(environment["GIT_CONFIG_COUNT"]);
  const variables = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${before + index}`, key],
    [`GIT_CONFIG_VALUE_${before + index}`, value],
  ]);
  return {
    ...(Object.fromEntries(variables) as Record<string, string>),
    GIT_CONFIG_COUNT: String(before + settings.length),
    ...(broker === undefined ? {} : brokerVariables(broker, config)),
  };
}

type Setting = readonly [key: string, value: string];

/** What git would do in the background after its end has to be done before it: nothing outlives a call. */
const FOREGROUND: readonly Setting[] = [
  ["gc.autoDetach", "false"],
  ["maintenance.autoDetach", "false"],
];

function brokerSettings({ url }: BrokerAddress, args: readonly string[], config: PluginCall["config"]): Setting[] {
  return [
    // An empty value drops the helpers that were named before: there is nothing here that they could know.
    ["credential.helper", ""],
    ["http.proxy", url],
    ["http.followRedirects", "false"],
    // A program that a repository names would run at every call, and a server that watches files would outlive them all.
    ["core.fsmonitor", "false"],
    ["protocol.ext.allow", "never"],
    ...(listsRemotes(args) ? [] : rewrites(allowedHosts(config))),
  ];
}

function brokerVariables({ caFile }: BrokerAddress, config: PluginCall["config"]): Record<string, string> {
  return {
    // Stronger than any setting, those for one address too.
    ...(caFile === undefined ? {} : { GIT_SSL_CAINFO: caFile }),
    GIT_TERMINAL_PROMPT: "0",
    // A checkout then leaves the small files that stand for large ones that are not here, where it would fail.
    ...(config.broker.lfs ? {} : { GIT_LFS_SKIP_DOWNLOAD_ERRORS: "1" }),
    // Hosts for which the caller has no proxy have this one all the same.
    no_proxy: "",
    NO_PROXY: "",
  };
}

/** One setting for each other way to write an address: git replaces the longest beginning that it finds. */
function rewrites(hosts: readonly string[]): Setting[] {
  const rewrite = (from: string, to: string): Setting => [`url.https://${to}.insteadOf`, from];
  return [
    // Of all hosts, so that the broker says why one that is not allowed cannot be reached.
    rewrite("ssh://", ""),
    rewrite("git://", ""),
    ...hosts.flatMap((host) => {
      const name = nameOf(host);
      const here = [`ssh://git@${name}/`, `ssh://${name}/`, `git@${name}:/`, `git@${name}:`, `git://${name}/`];
      const usual = [`ssh://git@${name}:22/`, `ssh://${name}:22/`];
      // What follows is the port of the host's SSH server.
      const other = [`ssh://git@${name}:`, `ssh://${name}:`];
      return [
        ...[...here, ...usual].map((form) => rewrite(form, `${host}/`)),
        ...other.map((form) => rewrite(form, `${name}${SSH}:`)),
      ];
    }),
  ];
}

/** `git remote -v` would show what URLs are rewritten to; it contacts nobody, and so needs no rewriting. */
function listsRemotes(args: readonly string[]): boolean {
  const reading = readGitArguments(args);
  if (reading.kind !== "command" || reading.command !== "remote") {
    return false;
  }
  const rest = args.slice(args.indexOf("remote") + 1);
  return rest.every((word) => word === "-v" || word === "--verbose") || rest[0] === "get-url";
}

function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
