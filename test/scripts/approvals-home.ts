import { startCall, type AgentCall } from "./agent-call.ts";
import { TemporaryHome } from "./home.ts";

const ASKS = `plugin: git
rules:
  - { id: ask-push, match: { command: push }, decision: ask, reason: it leaves this machine }
`;

/** A home whose git asks about each push, and a project with a bare repository as its remote and a commit to push. */
export async function startAskingHome(): Promise<TemporaryHome> {
  const home = await TemporaryHome.create();
  await makeProject(home.project);
  await home.install();
  await home.writeConfig("git", ASKS);
  const { status, stderr } = await home.run(["start"]);
  if (status !== 0) {
    throw new Error(`Cannot start: ${stderr}`);
  }
  return home;
}

/** `git push ARGS`, as the agent calls it. */
export function push(home: TemporaryHome, ...args: readonly string[]): AgentCall {
  return startCall(home, ["git", "push", ...args]);
}

/** The subjects of the commits that the remote has, the newest first. */
export function remoteLog(home: TemporaryHome, branch: string): string {
  return Bun.spawnSync([
    "git",
    "--git-dir",
    `${home.project}/remote.git`,
    "log",
    "--format=%s",
    branch,
  ]).stdout.toString();
}

async function makeProject(folder: string): Promise<void> {
  const script = `set -e
    git init -q -b main . && git config user.name Ana && git config user.email ana@example.org
    git init -q --bare -b main remote.git && echo remote.git >.git/info/exclude && git remote add origin ./remote.git
    mkdir src && echo one >src/parser.ts && git add . && git commit -qm first && git push -q -u origin main
    seq 40 >>src/parser.ts && echo new >README.md && git add . && git commit -qm 'Add the parser' && git branch other`;
  const made = Bun.spawnSync(["bash", "-c", script], { cwd: folder, stderr: "inherit" });
  if (!made.success) {
    throw new Error("Cannot make the project");
  }
}
