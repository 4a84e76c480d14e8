import type { PluginCall } from "../../src/runtime/plugin.ts";
import { readGitArguments } from "./grammar.ts";
import { allowedHosts } from "./wire/allowed-repos.ts";

/**
 * What git is given so that it does all its work before it ends, and asks the broker, whatever a remote's URL is:
 * settings of the command's own scope, which are stronger than those of the repository. That is for convenience: whoever
 * gets around them has no credential.
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
    ...(broker === undefined ? {} : { GIT_TERMINAL_PROMPT: "0" }),
  };
}

type Setting = readonly [key: string, value: string];

/** What git would do in the background after its end has to be done before it: nothing outlives a call. */
const FOREGROUND: readonly Setting[] = [
  ["gc.autoDetach", "false"],
  ["maintenance.autoDetach", "false"],
];

function brokerSettings(broker: string, args: readonly string[], config: PluginCall["config"]): Setting[] {
  const url = broker.endsWith("/") ? broker : `${broker}/`;
  return [
    // An empty value drops the helpers that were named before: there is nothing here that they could know.
    ["credential.helper", ""],
    [`http.${url}.proxy`, ""],
    [`http.${url}.followRedirects`, "false"],
    ...(listsRemotes(args) ? [] : rewrites(url, allowedHosts(config))),
  ];
}

/** One setting for each way to write an address: git replaces the longest beginning that it finds. */
function rewrites(url: string, hosts: readonly string[]): Setting[] {
  const rewrite = (from: string, to: string): Setting => [`url.${url}${to}.insteadOf`, from];
  return [
    // Of all hosts, so that the broker says why one that is not allowed cannot be reached.
    rewrite("https://", ""),
    rewrite("http://", ""),
    // git looks for these beginnings too, and what is left as it was must be the longer one.
    rewrite(url, ""),
    ...hosts.flatMap((host) => {
      const name = host.replace(/:\d+$/, "");
      const forms = [`ssh://git@${name}/`, `ssh://git@${name}:22/`, `ssh://${name}/`, `git@${name}:`, `git://${name}/`];
      return forms.map((form) => rewrite(form, `${host}/`));
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
