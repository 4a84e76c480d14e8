import { dlopen } from "bun:ffi";
import { statSync } from "node:fs";

/** The user and group that a tool runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const openLibc = () =>
  dlopen("libc.so.6", {
    setgroups: { args: ["u64", "ptr"], returns: "i32" },
    setfsgid: { args: ["u32"], returns: "i32" },
    setfsuid: { args: ["u32"], returns: "i32" },
  }).symbols;

/** Whose folder this is. Throws what stat(2) says. */
export function ownerOf(folder: string): Identity {
  const { uid, gid } = statSync(folder);
  return { uid, gid };
}

/**
 * From now on, whatever this process opens, makes or looks up on its main thread is done as `identity` (setfsuid(2)),
 * though it stays root and may start and end processes of that user. A root without CAP_DAC_OVERRIDE could not even
 * read that user's folders, and one that has it would read too much.
 *
 * @throws {Error} `identity_refused` when this process may not act for others
 */
export function actAs({ uid, gid }: Identity): void {
  const libc = openLibc();
  const areGroupsDropped = libc.setgroups(0n, null) === 0;
  libc.setfsgid(gid);
  libc.setfsuid(uid);
  // Both return the former value and never say that they failed; an impossible one changes nothing and tells.
  if (!areGroupsDropped || libc.setfsgid(NOBODY) !== gid || libc.setfsuid(NOBODY) !== uid) {
    const message = `Cannot act as user ${uid} and group ${gid}: this takes root with the capabilities SETUID and SETGID`;
    throw Object.assign(new Error(message), { code: "identity_refused" });
  }
}

/** −1, which is no id. */
const NOBODY = 0xffff_ffff;
