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
  approvals: [
    {
      title: "Actions",
      body: "  list    what waits now\n  watch   the same again at each change, until its input ends\n  answer  the question <id>, with --verdict and --by",
    },
    {
      title: "Exit status",
      body: "  0  done\n  1  nobody answers there, or the answer came too late\n  2  wrong usage",
    },
    {
      title: "Example",
      body: "  plugin-server approvals answer /run/approvals/git.sock git-1f2e3d4c --verdict once --by ana",
    },
  ],
  serve: [
    {
      title: "Environment",
      body:
        "  PLUGIN_SOCKETS    folder of the sockets (default: /run/plugins); listens at <tool>/<tool>.sock in it\n" +
        "  PLUGIN_WORKSPACE  root of a config that names no roots (default: /workspace)\n" +
        "  PLUGIN_BROKER     URL of the tool's broker, such as http://git-broker:8080 (default: none)\n" +
        "  PLUGIN_BROKER_CA  git: file in which that broker writes down whom to believe",
    },
    { title: "Stopping", body: "  TERM or INT: running calls have 10 seconds to finish. A second one: at once." },
    {
      title: "Config",
      body: "  A change counts from the next call on; while it is broken, what was sound before goes on.",
    },
    { title: "Example", body: "  plugin-server serve git.yaml --socket /tmp/git.sock" },
  ],
  broker: [
    {
      title: "Listening",
      body: "  Without --listen at 127.0.0.1:8080. Port 0 takes a free one; the line that says `ready` has it.",
    },
    { title: "Stopping", body: "  TERM or INT: running requests have 10 seconds to finish. A second one: at once." },
    {
      title: "Config",
      body: "  Reads credentials, broker and the rules about branches, anew at each request after a change.",
    },
    {
      title: "Environment",
      body:
        "  PLUGIN_SECRETS    folder that /run/secrets/ in a config stands for (default: /run/secrets)\n" +
        "  PLUGIN_MIRRORS    folder for copies of repositories (default: a new one)\n" +
        "  PLUGIN_BROKER_CA  git: file to write down in whom the plugin's git is to believe; its folder must be there",
    },
    { title: "Example", body: "  plugin-server broker git.yaml --listen 0.0.0.0:8080" },
  ],
  check: [
    { title: "Output", body: "  One line per good config; errors and warnings as file:line:column to stderr." },
    { title: "Folder", body: "  Of a folder every *.yaml is checked, and its cases are run too." },
    {
      title: "Exit status",
      body: "  0  all can be used, perhaps with warnings\n  1  one cannot, or a case of one in a folder fails",
    },
    { title: "Example", body: "  plugin-server check config" },
  ],
  explain: [
    {
      title: "Folder",
      body:
        "  Without --cwd the call is imagined in the first root. The root of a config that names none is\n" +
        "  PLUGIN_WORKSPACE (default: /workspace).",
    },
    { title: "Environment", body: "  Without --env it is empty. Of what is given, rules see what env.pass lists." },
    { title: "Exit status", body: "  0  explained, whether it is allowed or denied\n  1  the config cannot be used" },
    {
      title: "Example",
      body: "  plugin-server explain git.yaml -- -C . push origin main\n  plugin-server explain git.yaml --env CI=true -- push\n  plugin-server explain git.yaml --rules",
    },
  ],
  health: [
    { title: "Exit status", body: "  0  it takes calls\n  1  it does not, or nobody answers" },
    {
      title: "Examples",
      body: "  plugin-server health /run/plugins/git/git.sock\n  plugin-server health http://git-broker:8080",
    },
  ],
  test: [
    {
      title: "Audit",
      body: "  A log of the plugin, as `run.sh logs` prints it. Calls whose decision depends on their environment, which\n  no log has, and those whose arguments the log has cut are counted apart.",
    },
    {
      title: "Exit status",
      body: "  0  all cases passed, or nothing would change\n  1  one failed, something would change, or a config cannot be used",
    },
    {
      title: "Example",
      body: "  plugin-server test config/git.yaml\n  plugin-server test edited.yaml --from-audit logs/git.log",
    },
  ],
};
