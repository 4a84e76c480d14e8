/**
 * Every command of npm, by the name that rules use: those of the releases 9 to 11 and what 12 added. From the command
 * list of each release (`npm help`, `npm help npm`); the differential test compares them with the installed npm.
 */
export const COMMANDS: readonly string[] = [
  ..."access adduser approve-scripts audit bugs cache ci completion config dedupe deny-scripts deprecate diff".split(
    " ",
  ),
  ..."dist-tag docs doctor edit exec explain explore find-dupes fund get help help-search hook init install".split(" "),
  ..."install-ci-test install-scripts install-test link ll login logout ls org outdated owner pack patch".split(" "),
  ..."ping pkg prefix profile prune publish query rebuild repo restart root run sbom search set".split(" "),
  ..."shrinkwrap stage star stars start stop team test token trust undeprecate uninstall unpublish".split(" "),
  ..."unstar update version view whoami".split(" "),
];

/** The other names of a command, which npm resolves before it looks for abbreviations. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  adduser: "add-user",
  bugs: "issues",
  ci: "clean-install ic install-clean isntall-clean",
  config: "c",
  dedupe: "ddp",
  "dist-tag": "dist-tags",
  docs: "home",
  exec: "x",
  explain: "why",
  help: "hlep",
  init: "create innit",
  install: "add i in ins inst insta instal isnt isnta isntal isntall",
  "install-ci-test": "cit clean-install-test sit",
  "install-test": "it",
  link: "ln",
  ll: "la",
  ls: "list",
  org: "ogr",
  owner: "author",
  rebuild: "rb",
  // Releases 9 and 10 have it the other way round: there `run-script` is the command and `run` its alias.
  run: "run-script rum urn",
  search: "find s se",
  test: "tst t",
  uninstall: "unlink remove rm r un",
  update: "up upgrade udpate u",
  version: "verison",
  view: "info show v",
};

/** Alias → command. */
export const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(OTHER_NAMES).flatMap(([command, names]) => names.split(" ").map((name) => [name, command])),
);

/**
 * The commands that npm may make of a word: one, when it is a name, an alias or an abbreviation that can mean nothing
 * else; several, when releases differ or npm itself would refuse to choose; none, when npm knows nothing like it.
 * A name or an alias always counts as itself, although npm 12, which has lost `star`, takes that for `start`.
 */
export function commandsOf(word: string): readonly string[] {
  // npm takes camelCase too: distTag. A capital at the beginning makes a name that no command has.
  const name = word.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
  const exact = CANONICAL.get(name);
  if (exact !== undefined) {
    return [exact];
  }
  const longer = [...CANONICAL].filter(([candidate]) => candidate.startsWith(name));
  return [...new Set(longer.map(([, command]) => command))];
}

const CANONICAL: ReadonlyMap<string, string> = new Map([...COMMANDS.map((name) => [name, name] as const), ...ALIASES]);
