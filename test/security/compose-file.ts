import { measuresOff } from "./situation.ts";

/**
 * What the attacks need besides compose.yaml: the project from another folder than its path says, and names for commits;
 * and, in a run without a measure, what takes it off.
 */
export function composeFile(source: string, target: string): string {
  const project = { type: "bind", source, target, bind: { create_host_path: false } };
  const names = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@x", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@x" };
  const plugin = (tool: string): object => ({
    volumes: [project],
    ...(measuresOff.has("network") ? keepingRoutes(tool) : {}),
    ...(measuresOff.has("uid") ? sameUser(tool) : {}),
  });
  const open = { internal: false, driver_opts: { "com.docker.network.bridge.inhibit_ipv4": "false" } };
  return JSON.stringify({
    services: {
      claude: { volumes: [project], environment: { ...names, LANG: "C.UTF-8" } },
      "git-plugin": plugin("git"),
      "npm-plugin": plugin("npm"),
    },
    ...(measuresOff.has("network") ? { networks: { git: open, npm: open } } : {}),
  });
}

/** The daemon without what removes its default route first. */
function keepingRoutes(tool: string): object {
  return { command: [...daemon(tool), "--as-owner"] };
}

/** The daemon as the user that its tool runs as. */
function sameUser(tool: string): object {
  return {
    user: "${CLAUDE_UID}:${CLAUDE_GID}",
    command: daemon(tool),
    healthcheck: { test: ["CMD", "plugin-server", "health", socketOf(tool)] },
  };
}

function daemon(tool: string): string[] {
  return ["plugin-server", "serve", `/etc/plugins/${tool}.yaml`, "--socket", socketOf(tool)];
}

function socketOf(tool: string): string {
  return `/run/plugins/${tool}/${tool}.sock`;
}
