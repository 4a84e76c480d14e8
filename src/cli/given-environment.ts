import { quote } from "../policy/printable.ts";

/** What `--env` was given: `NAME=VALUE`, or `NAME` for the value in `own`, where it is left out if it is not set. */
export function givenEnvironment(
  words: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
): (readonly [name: string, value: string])[] {
  return words.flatMap((word) => {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? own[name] : word.slice(equals + 1);
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** What is wrong with a word that `--env` was given, or undefined. */
export function environmentProblem(word: string): string | undefined {
  return word === "" || word.startsWith("=")
    ? `Cannot read --env ${quote(word)}: write NAME=VALUE, or NAME for the value that it has here`
    : undefined;
}
