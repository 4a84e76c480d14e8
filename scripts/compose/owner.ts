import { stat } from "node:fs/promises";

import { isInside } from "../home/folder.ts";
import type { Home } from "../home/home.ts";
import { Refusal } from "../home/refusal.ts";
import { docker } from "./docker.ts";

/** The uid and gid that the agent and the tools run under in their containers. */
export interface Owner {
  readonly uid: string;
  readonly gid: string;
  /** Of this host too: not only inside of a container. */
  readonly isRoot: boolean;
}

/**
 * The owner of the project: what the tools write is then the user's.
 * @throws {Refusal} when the project is not there, when the home is somebody else's, or lies where the agent could write to it
 */
export async function ownerOf(home: Home, project: string): Promise<Owner> {
  if (isInside(home.folder, project)) {
    throw new Refusal(
      1,
      `Cannot work in "${project}": this home, ${home.folder}, lies in it, and the agent could write its own rules; choose another project, or set CLAUDE_CONTAINER_HOME to a folder outside of it`,
    );
  }
  const [work, own] = await Promise.all([stat(project).catch(() => undefined), stat(home.folder)]);
  if (work === undefined) {
    throw new Refusal(1, `Cannot find the project folder "${project}": make it, or name another with --project`);
  }
  if (work.uid !== own.uid) {
    throw new Refusal(
      1,
      `Cannot work in "${project}": it belongs to uid ${work.uid}, this home to uid ${own.uid}, and one of them would be closed to the tools; give both to one user (sudo chown -R ${own.uid}:${own.gid} …), or set CLAUDE_CONTAINER_HOME to a folder of uid ${work.uid}`,
    );
  }
  // There this user is root inside of a container, and another uid inside is nobody of this host.
  if (await isRootless()) {
    return { uid: "0", gid: "0", isRoot: false };
  }
  return { uid: String(work.uid), gid: String(work.gid), isRoot: work.uid === 0 };
}

async function isRootless(): Promise<boolean> {
  const { stdout } = await docker(["info", "--format", "{{json .SecurityOptions}}"]);
  return stdout.includes("name=rootless");
}
