/**
 * Commands whose next argument says what they do, and the other names of what that may be: `npm dist-tag set` is `npm
 * dist-tag add`. From the sources of npm 9 to 12.
 */
const SUBCOMMANDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  access: { list: "ls" },
  audit: {},
  cache: { clean: "rm clear", verify: "check" },
  config: { delete: "rm del", list: "ls" },
  "dist-tag": { add: "a set s", rm: "r del d remove", ls: "l sl list" },
  doctor: {},
  hook: { update: "up" },
  org: { set: "add" },
  owner: { ls: "list", rm: "remove" },
  pkg: {},
  profile: { "enable-2fa": "enable-tfa enable2fa enabletfa", "disable-2fa": "disable-tfa disable2fa disabletfa" },
  stage: {},
  team: {},
  token: { list: "ls", revoke: "rm delete remove" },
  trust: {},
};

/** What a command does and with what, of the words behind it; undefined when it has no subcommands. */
export function readSubcommand(
  command: string,
  words: readonly string[],
): { readonly subcommand: readonly string[]; readonly positionals: readonly string[] } | undefined {
  if (!Object.hasOwn(SUBCOMMANDS, command)) {
    return undefined;
  }
  const [word, ...positionals] = words;
  if (word === undefined) {
    return { subcommand: command === "token" ? ["list"] : [], positionals };
  }
  const name = NAMES.get(`${command} ${word}`) ?? word;
  // `npm dist-tag lodash` lists the tags of lodash.
  return command === "dist-tag" && words.length === 1 && !Object.hasOwn(SUBCOMMANDS["dist-tag"] ?? {}, name)
    ? { subcommand: ["ls"], positionals: words }
    : { subcommand: [name], positionals };
}

/** Command and other name → name. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(SUBCOMMANDS).flatMap(([command, names]) =>
    Object.entries(names).flatMap(([name, others]) =>
      others.split(" ").map((other): [string, string] => [`${command} ${other}`, name]),
    ),
  ),
);

/** Every other name of a subcommand, with its command. */
export const SUBCOMMAND_NAMES: readonly (readonly [string, string])[] = [...NAMES.keys()].map((key) => {
  const [command = "", name = ""] = key.split(" ");
  return [command, name];
});
