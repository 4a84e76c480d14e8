import type { CAC } from "cac";

/** A part of a help text, as cac has them. */
interface Section {
  title?: string;
  body: string;
}

/** Puts what a command does above its help, and what people ask next below it. */
export function helpSections(cli: CAC): (sections: Section[]) => Section[] {
  return (sections) => {
    const command = cli.matchedCommand;
    const about = command === undefined ? ABOUT : `${command.description}.`;
    const [, ...rest] = sections.filter((section) => section.title?.startsWith("For more info") !== true);
    return [{ body: about }, ...rest, ...(NOTES[command?.name ?? ""] ?? [])];
  };
}

const ABOUT = "plugin-server runs tools of a coding agent as plugins, each behind its own socket, with its own rules.";

const NOTES: Readonly<Record<string, Section[]>> = {
  "": [
    {
      title: "Exit status",
      body: "  0  done\n  1  the answer is no: a broken config, a failing case, a daemon that cannot start\n  2  wrong usage",
    },
    { body: "Every command has its own --help." },
  ],
  serve: [
    {
      title: "Environment",
      body:
        "  PLUGIN_SOCKETS    folder of the sockets (default: /run/plugins); listens at <tool>/<tool>.sock in it\n" +
        "  PLUGIN_WORKSPACE  root of a config that names no roots (default: /workspace)",
    },
    { title: "Stopping", body: "  TERM or INT: running calls have 10 seconds to finish. A second one: at once." },
    {
      title: "Config",
      body: "  A change counts from the next call on; while it is broken, what was sound before goes on.",
    },
    { title: "Example", body: "  plugin-server serve git.yaml --socket /tmp/git.sock" },
  ],
  check: [
    { title: "Output", body: "  One line per good config; errors and warnings as file:line:column to stderr." },
    { title: "Exit status", body: "  0  all can be used, perhaps with warnings\n  1  one cannot" },
    { title: "Example", body: "  plugin-server check config/*.yaml" },
  ],
  explain: [
    { title: "Folder", body: "  Without --cwd the call is imagined in the first root." },
    { title: "Exit status", body: "  0  explained, whether it is allowed or denied\n  1  the config cannot be used" },
    { title: "Example", body: "  plugin-server explain git.yaml -- -C . push origin main" },
  ],
  health: [
    { title: "Exit status", body: "  0  it takes calls\n  1  it does not, or nobody answers" },
    { title: "Example", body: "  plugin-server health /run/plugins/git/git.sock" },
  ],
  test: [
    { title: "Exit status", body: "  0  all cases passed\n  1  one failed, or a config cannot be used" },
    { title: "Example", body: "  plugin-server test config/git.yaml" },
  ],
};
