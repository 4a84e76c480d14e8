/**
 * Where the socket of a tool may be, best first: in PLUGIN_SOCKETS if that is set, and else in /run/plugins and beside
 * the client itself (`../sockets`), which is where local mode keeps them. Looked up at each use: a list would go stale.
 */
export function socketFolders(env: Readonly<Record<string, string | undefined>>, executable: string): string[] {
  const chosen = env["PLUGIN_SOCKETS"];
  if (chosen !== undefined && chosen !== "") {
    return [chosen];
  }
  const home = executable.slice(0, executable.lastIndexOf("/", executable.lastIndexOf("/") - 1));
  return ["/run/plugins", `${home}/sockets`];
}

/** The paths to try for one tool, in order. */
export function socketPaths(folders: readonly string[], tool: string): string[] {
  const paths: string[] = [];
  for (const folder of folders) {
    paths.push(`${folder}/${tool}/${tool}.sock`, `${folder}/${tool}.sock`);
  }
  return paths;
}
