import { brokerWarnings } from "./broker-warnings.ts";
import type { ConfigIssue } from "./config-error.ts";
import { startOf, type Config } from "./config.ts";
import { didYouMean } from "./nearest.ts";
import { quote } from "./printable.ts";
import type { Grammar } from "./reading.ts";
import { regexWarnings } from "./regex-warnings.ts";
import { ruleWarnings } from "./rule-warnings.ts";
import { unmatchedWarnings } from "./unmatched.ts";

/**
 * What is valid in a config and yet probably not meant, or opens more than its author may think. Pure. `commands` are
 * all of the tool; undefined: not known.
 */
export function configWarnings(config: Config, grammar: Grammar, commands?: readonly string[]): ConfigIssue[] {
  return [
    ...openings(config),
    ...deadRules(config, grammar, commands),
    ...ruleWarnings(config, grammar),
    ...unmatchedWarnings(config, grammar, commands),
    ...regexWarnings(config),
    ...brokerWarnings(config),
  ];
}

function openings({ file, rules, defaultEffect, enforcement, roots, env, access, places }: Config): ConfigIssue[] {
  const at = (path: string): ConfigIssue["place"] => places.get(path) ?? startOf(file);
  const warnings: ConfigIssue[] = [];
  if (rules.ordered.length === 0 && defaultEffect === "allow") {
    warnings.push({ place: at("rules"), message: "There are no rules: every command is allowed" });
  }
  if (enforcement === "audit") {
    const message = "enforcement: audit refuses nothing: what the rules say is only written to the log";
    warnings.push({ place: at("enforcement"), message });
  }
  const everywhere = roots?.indexOf("/") ?? -1;
  if (everywhere >= 0) {
    warnings.push({
      place: at(`roots.${everywhere}`),
      message: 'roots has "/": the tool can be called in every folder',
    });
  }
  const everyName = env.pass.indexOf("*");
  if (everyName >= 0) {
    const message = 'env.pass has "*": the caller decides the whole environment, PATH and LD_PRELOAD included';
    warnings.push({ place: at(`env.pass.${everyName}`), message });
  }
  if ((access.mode & 0o002) !== 0 && access.uids === undefined) {
    const message = "access.mode lets every user of the system connect; name the users in access.uids";
    warnings.push({ place: at("access.mode"), message });
  }
  return warnings;
}

function deadRules({ plugin, rules }: Config, grammar: Grammar, commands?: readonly string[]): ConfigIssue[] {
  const warnings: ConfigIssue[] = [];
  const { allowedCommands, blockedCommands } = rules;
  const lists = [
    { name: "allowed_commands", items: allowedCommands ?? [] },
    { name: "blocked_commands", items: blockedCommands },
  ];
  for (const { name, items } of lists) {
    const seen = new Set<string>();
    for (const { value, place } of items) {
      const reading = grammar([value]);
      if (seen.has(value)) {
        warnings.push({ place, message: `${name} has ${quote(value)} twice` });
      } else if (/\s/.test(value)) {
        const message = `${name} has ${quote(value)}, which never matches: a command is one word`;
        warnings.push({ place, message });
      } else if (reading.kind !== "command" || reading.command !== value) {
        const hint = reading.kind === "command" ? `; write ${quote(reading.command)}` : "";
        warnings.push({ place, message: `${name} has ${quote(value)}, which is never read as a command${hint}` });
      } else if (commands?.includes(value) === false) {
        const message = `${name} has ${quote(value)}, which is no command of ${plugin}${didYouMean(value, commands)}`;
        warnings.push({ place, message });
      }
      seen.add(value);
    }
  }
  if (allowedCommands !== undefined) {
    for (const { value, place } of blockedCommands) {
      const message = allowedCommands.some((allowed) => allowed.value === value)
        ? `${quote(value)} is in allowed_commands too; it is blocked`
        : `blocked_commands has ${quote(value)}, which allowed_commands does not let through anyway`;
      warnings.push({ place, message });
    }
  }
  return warnings;
}
