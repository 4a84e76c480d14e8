import type { CAC } from "cac";

import { didYouMean } from "../policy/nearest.ts";
import { quote } from "../policy/printable.ts";
import { environmentProblem } from "./given-environment.ts";

/**
 * What is wrong with a parsed command line, or undefined. cac would throw on the same things, but one at a time,
 * without a suggestion, and says nothing about unknown commands.
 */
export function usageProblem(cli: CAC, hasDashes: boolean): string | undefined {
  const command = cli.matchedCommand;
  if (command === undefined) {
    const [word] = cli.args;
    const names = cli.commands.map(({ name }) => name);
    return word === undefined
      ? `No command given; the commands are ${names.join(", ")}`
      : `Unknown command ${quote(word)}${didYouMean(word, names)}`;
  }
  const known = [...command.options, ...cli.globalCommand.options];
  const names = known.flatMap((option) => option.names.map(dashed));
  for (const [name, value] of Object.entries(cli.options)) {
    if (name === "--") {
      continue;
    }
    const option = known.find((candidate) => candidate.names.includes(name));
    const written = dashed(name);
    if (option === undefined) {
      return `Unknown option ${quote(written)}${didYouMean(written, names)}`;
    }
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > 1 && name !== "env") {
      return `The option ${written} is given twice`;
    }
    if (option.required === true && values.some((given) => typeof given === "boolean")) {
      return `The option ${written} needs a value`;
    }
    const problem = name === "env" ? values.map((word) => environmentProblem(String(word))).find(Boolean) : undefined;
    if (problem !== undefined) {
      return problem;
    }
  }
  return argumentProblem(cli, hasDashes);
}

function dashed(camelCase: string): string {
  const name = camelCase.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `${name.length === 1 ? "-" : "--"}${name}`;
}

function argumentProblem({ matchedCommand: command, args, options }: CAC, hasDashes: boolean): string | undefined {
  if (command?.name === "approvals") {
    return args.length < 2 ? "No action and socket given: list, watch or answer, and the socket's path" : undefined;
  }
  const [wanted] = command?.args ?? [];
  if (wanted === undefined || args.length === 0) {
    return command?.name === "health" ? "No socket given; name its path" : "No config given; name its YAML file";
  }
  const takesOne = !wanted.variadic || options["fromAudit"] !== undefined;
  if (takesOne && args.length > 1) {
    const hint = command?.name === "explain" ? "; write the arguments of the tool behind --" : "";
    return `Only one ${wanted.value.replace(/s$/, "")} can be given, found also ${quote(String(args[1]))}${hint}`;
  }
  if (command?.name !== "explain" && hasDashes) {
    return 'Nothing can stand behind "--" here';
  }
  return undefined;
}
