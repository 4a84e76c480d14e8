import type { Installation } from "./installation.ts";

/** A set of capabilities, as the kernel writes it. */
export const NONE: string = "0".repeat(16);
/** SETUID, SETGID and KILL. */
export const THREE: string = ((1 << 5) | (1 << 6) | (1 << 7)).toString(16).padStart(16, "0");
export const NO_CAPABILITY: Rights = { CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE };

/** What /proc/PID/status says about rights, by its names for them. */
export type Rights = Readonly<Record<string, string>>;

/** `status`: the text of such a file. */
export function readRights(status: string): Rights {
  const lines = status.matchAll(/^(Uid|Gid|Groups|Cap\w+|NoNewPrivs):\t(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value.trim()]));
}

/** Prints the process id of a plugin's daemon: a script for its container. */
export const FIND_DAEMON: string = `for p in /proc/[0-9]*; do
  tr '\\0' ' ' 2>/dev/null <$p/cmdline | grep -q '^plugin-server serve ' && echo \${p#/proc/}; done`;

/** Of the daemon in the container of a service. */
export async function rightsOfDaemon(home: Installation, service: string): Promise<Rights> {
  const look = `cat "/proc/$(${FIND_DAEMON})/status"`;
  return readRights(await home.docker("exec", await home.container(service), "sh", "-c", look));
}
