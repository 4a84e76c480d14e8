import { realpath } from "node:fs/promises";

import { Refusal } from "./refusal.ts";

/** Without symlinks, as the plugins compare paths. */
export async function trueFolder(folder: string): Promise<string> {
  return await realpath(folder).catch(() => {
    throw new Refusal(1, `Cannot find the current folder "${folder}": go to another, or name one with --project`);
  });
}

/** Where a command of the user runs: in the caller's folder when that lies inside the project, or else in the project. */
export async function workFolder(caller: string, project: string): Promise<string> {
  const here = await realpath(caller).catch(() => undefined);
  return here !== undefined && isInside(here, project) ? here : project;
}

export function isInside(folder: string, top: string): boolean {
  return folder === top || folder.startsWith(top === "/" ? "/" : `${top}/`);
}
