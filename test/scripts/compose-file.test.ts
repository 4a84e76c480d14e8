import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { merge, readComposeFile, servicesOf, type Mount, type Service } from "./compose-file.ts";

const top = resolve(import.meta.dir, "../..");
const file = await readComposeFile("compose.yaml");
const services = await servicesOf("compose.yaml");
const volumeFile = await readComposeFile("docker/compose.volume.yaml");
const overrides = await servicesOf("docker/compose.volume.yaml");
const withVolume = merge(services, overrides) as Record<string, Service>;
const brokered = await Promise.all(
  ["git", "npm"].map(async (tool) => {
    const path = `docker/compose.${tool}-broker.yaml`;
    const all = merge(services, await servicesOf(path)) as Record<string, Service>;
    return {
      tool,
      all,
      plugin: all[`${tool}-plugin`] ?? {},
      broker: all[`${tool}-broker`] ?? {},
      file: await readComposeFile(path),
    };
  }),
);
const dockerfile = await Bun.file(`${top}/docker/Dockerfile`).text();
const startScript = await Bun.file(`${top}/docker/start-plugin.sh`).text();
const manifest = (await Bun.file(`${top}/package.json`).json()) as { version: string; packageManager: string };

const all = [...Object.entries(withVolume), ...brokered.map(({ tool, broker }) => [`${tool}-broker`, broker] as const)];
const plugins = Object.entries(services).filter(([name]) => name.endsWith("-plugin"));
const agent = services["claude"] ?? {};

/** The name of a variable stands for its value: what is said when it is missing does not matter here. */
function plain(text: string | undefined): string {
  return (text ?? "").replaceAll(/\$\{(\w+)(:[?-][^}]*)?\}/g, "<$1>");
}

function mountsOf(service: Service): { source: string; target: string; mount: Mount }[] {
  return (service.volumes ?? []).map((mount) => ({ source: plain(mount.source), target: plain(mount.target), mount }));
}

function mountAt(service: Service, target: string): { source: string; mount: Mount } | undefined {
  return mountsOf(service).find((found) => found.target === target);
}

test("compose.yaml has the agent and a plugin for each tool of ours", () => {
  expect(Object.keys(services)).toEqual(["claude", "git-plugin", "npm-plugin"]);
});

describe.each(all)("%s", (name, service) => {
  test("is hardened", () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], init: true });
    expect(service.security_opt).toContain("no-new-privileges:true");
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.privileged).toBeUndefined();
    expect(service.ports).toBeUndefined();
  });

  test("has only the capabilities that it needs", () => {
    expect(service.cap_add).toEqual(name.endsWith("-plugin") ? ["SETUID", "SETGID", "KILL"] : undefined);
  });

  test("comes from the Dockerfile, and from no registry", () => {
    expect(service.pull_policy).toBe("never");
    expect(service.image).toMatch(/^claude-container\/[a-z-]+:\$\{CLAUDE_CONTAINER_VERSION:-.+\}$/);
    expect(service.image).toEndWith(`:-${manifest.version}}`);
    expect(service.build?.dockerfile).toBe("docker/Dockerfile");
    expect(dockerfile).toMatch(new RegExp(`^FROM .+ AS ${service.build?.target}$`, "m"));
  });

  test("mounts no folder of the host that does not exist", () => {
    const binds = (service.volumes ?? []).filter((mount) => mount.type === "bind");
    expect(binds.filter((mount) => mount.bind?.create_host_path !== false)).toEqual([]);
    expect((service.volumes ?? []).filter((mount) => !["bind", "volume"].includes(mount.type))).toEqual([]);
  });

  test("mounts nothing of the host but the project and folders of ours, and no engine's socket", () => {
    for (const { source, mount } of mountsOf(service)) {
      if (mount.type === "bind") {
        expect(source).toMatch(
          /^(<CLAUDE_PROJECT>|<CLAUDE_CONTAINER_HOME>\/(cli|config|agent|secrets|sockets(\/[a-z]+)?))$/,
        );
      }
    }
  });
});

describe.each([["claude", agent] as const, ...plugins])("%s", (name, service) => {
  test("starts again, and sees the project under its own path", () => {
    expect(service.restart).toBe("unless-stopped");
    expect(mountAt(service, "<CLAUDE_PROJECT>")?.source).toBe("<CLAUDE_PROJECT>");
    expect(plain(name === "claude" ? service.working_dir : (service.environment?.["PLUGIN_WORKSPACE"] ?? ""))).toBe(
      "<CLAUDE_PROJECT>",
    );
  });

  test("can write to /tmp and to a HOME of the user's", () => {
    const home = name === "claude" ? "/home/claude" : "/home/tool";
    expect(service.tmpfs?.map(plain)).toEqual([
      "/tmp:exec,mode=1777",
      `${home}:exec,mode=0700,uid=<CLAUDE_UID>,gid=<CLAUDE_GID>`,
      ...(name === "claude" ? [] : ["/run/approvals:mode=0700,size=64k"]),
    ]);
  });
});

describe.each(plugins)("%s", (name, service) => {
  const tool = name.replace("-plugin", "");

  test("mounts its own sockets and nobody else's", () => {
    const sockets = mountsOf(service).filter(({ source }) => source.includes("sockets"));
    expect(sockets.map(({ source, target }) => ({ source, target }))).toEqual([
      { source: `<CLAUDE_CONTAINER_HOME>/sockets/${tool}`, target: `/run/plugins/${tool}` },
    ]);
  });

  test("cannot write to the rules", () => {
    const rules = mountAt(service, "/etc/plugins");
    expect(rules).toMatchObject({ source: "<CLAUDE_CONTAINER_HOME>/config", mount: { read_only: true } });
  });

  test("is on a network of its own", () => {
    expect(service.networks).toEqual([tool]);
  });

  test("does not start in the workspace, whose files are the agent's", () => {
    expect(service.working_dir).toBeUndefined();
  });

  test("has time to let calls finish", () => {
    expect(service.stop_grace_period).toBe("20s");
  });

  test("has its folder of the volume, when sockets are in one", () => {
    expect(mountAt(withVolume[name] ?? {}, `/run/plugins/${tool}`)).toMatchObject({
      source: `sockets-${tool}`,
      mount: { type: "volume" },
    });
    expect(plain(volumeFile.volumes?.[`sockets-${tool}`]?.driver_opts?.["device"])).toBe(
      `<CLAUDE_SOCKETS_DEVICE>/${tool}`,
    );
  });
});

describe("the agent", () => {
  test("runs as the user, on a network without plugins, after git's", () => {
    expect(plain(agent.user)).toBe("<CLAUDE_UID>:<CLAUDE_GID>");
    expect(agent.networks).toEqual(["agent"]);
    expect(agent.depends_on).toEqual({ "git-plugin": { condition: "service_healthy" } });
  });

  test("cannot write to sockets and wrappers", () => {
    expect(mountAt(agent, "/run/plugins")).toMatchObject({
      source: "<CLAUDE_CONTAINER_HOME>/sockets",
      mount: { read_only: true },
    });
    expect(mountAt(agent, "/home/claude/bin")?.mount.read_only).toBe(true);
    expect(mountAt(withVolume["claude"] ?? {}, "/run/plugins")).toMatchObject({
      source: "sockets",
      mount: { type: "volume", read_only: true },
    });
  });

  test("sees no rules, and no secrets", () => {
    expect(mountsOf(agent).filter(({ source }) => /config|secrets|audit/.test(source))).toEqual([]);
  });
});

describe.each(brokered)("$tool with a broker", ({ tool, all: withBroker, plugin, broker, file: brokerFile }) => {
  test("the broker runs as the user, without the project and with the secrets; nobody else has those", () => {
    expect(plain(broker.user)).toBe("<CLAUDE_UID>:<CLAUDE_GID>");
    expect(mountsOf(broker).map(({ target, mount }) => [target, mount.read_only === true])).toEqual([
      ["/etc/plugins", true],
      ["/run/secrets", true],
      ...(tool === "git" ? [["/mirrors", false] as [string, boolean], ["/run/broker", false]] : []),
    ]);
    const others = Object.entries(withBroker).filter(([name]) => name !== `${tool}-broker`);
    expect(others.filter(([, service]) => mountsOf(service).some(({ source }) => /secrets/.test(source)))).toEqual([]);
  });

  test("the broker is of the plugin's image, built alike", () => {
    expect({ image: broker.image, build: broker.build }).toEqual({
      image: plugin.image ?? "",
      build: plugin.build ?? {},
    });
    expect(broker.profiles).toEqual(plugin.profiles);
  });

  test("the plugin's only network is internal, and the broker alone is on it and on one with a way out", () => {
    expect(plugin.networks).toEqual([tool]);
    expect(broker.networks).toEqual([tool, `${tool}-egress`]);
    expect(brokerFile.networks?.[tool]).toMatchObject({
      internal: true,
      driver_opts: { "com.docker.network.bridge.inhibit_ipv4": "true" },
    });
    expect(brokerFile.networks?.[`${tool}-egress`]).toBeNull();
    const near = Object.entries(withBroker).filter(([, { networks = [] }]) => networks.includes(tool));
    expect(near.map(([name]) => name)).toEqual([`${tool}-plugin`, `${tool}-broker`]);
  });

  test("the plugin has two capabilities more, by which it removes the default route before it starts", () => {
    expect(plugin.cap_add).toEqual(["SETUID", "SETGID", "KILL", "NET_ADMIN", "SETPCAP"]);
  });

  test("the plugin is told of its broker, and asks no resolver outside", () => {
    expect(plugin.environment?.["PLUGIN_BROKER"]).toBe(`http://${tool}-broker:8080`);
    const caFile = tool === "git" ? "/run/broker/ca.pem" : undefined;
    expect([plugin, broker].map(({ environment }) => environment?.["PLUGIN_BROKER_CA"])).toEqual([caFile, caFile]);
    expect(mountAt(plugin, "/run/broker")?.mount.read_only).toBe(tool === "git" ? true : undefined);
    expect(plugin).toMatchObject({ dns: ["127.0.0.1"] });
  });
});

test("npm waits until it is asked for", () => {
  expect(services["npm-plugin"]?.profiles).toEqual(["npm"]);
});

test("every network has one service", () => {
  const used = Object.values(services).flatMap((service) => service.networks ?? []);
  expect(used.toSorted()).toEqual(Object.keys(file.networks ?? {}).toSorted());
});

test("the service that makes the volume's folders has no network", () => {
  expect(overrides["sockets"]).toMatchObject({ network_mode: "none", restart: "no" });
});

// `docker compose up` by hand, without the script that sets them.
test.each([
  "compose.yaml",
  "docker/service.yaml",
  "docker/compose.volume.yaml",
  "docker/compose.git-broker.yaml",
  "docker/compose.npm-broker.yaml",
])("a variable that %s cannot do without has a sentence for when it is missing", async (path) => {
  const text = await Bun.file(`${top}/${path}`).text();
  const variables = text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => line.match(/\$\{[^}]*\}/g) ?? []);
  expect(variables).not.toBeEmpty();
  expect(variables.filter((variable) => !/:-|:\?[a-z]+ .*scripts\/(run|install)\.sh/.test(variable))).toEqual([]);
});

describe("Dockerfile", () => {
  test("has the versions of package.json", () => {
    expect(dockerfile).toContain(`\nARG VERSION=${manifest.version}\n`);
    expect(dockerfile).toContain(`\nARG BUN_VERSION=${manifest.packageManager.replace("bun@", "")}\n`);
  });

  test("needs no frontend but the one that engine 20.10 has built in", () => {
    expect(dockerfile).not.toMatch(/^# *syntax=|--link|--start-interval|<<-?['"]?[A-Z]/im);
  });

  test.each(["agent", "plugin"])("%s says what it is and how it does", (stage) => {
    const text = dockerfile.split(/^FROM /m).find((part) => part.split("\n", 1)[0]?.endsWith(` AS ${stage}`)) ?? "";
    expect(text).toContain("org.opencontainers.image.version");
    expect(text).toContain("\nHEALTHCHECK ");
  });

  test("a plugin does the work, and is asked how it is, as the owner of the project", () => {
    expect(dockerfile).toMatch(/^CMD \["start-plugin\.sh"\]$/m);
    expect(startScript).toMatch(/^exec "\$@" plugin-server serve [^;|&]* --as-owner\n$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK .*CMD exec setpriv/m);
  });

  test("every plugin has plugin-server, and what starts it, as its last layer", () => {
    for (const tool of ["git", "npm", "tool"]) {
      const text = dockerfile.split(/^FROM /m).find((part) => part.startsWith(`plugin AS plugin-${tool}\n`)) ?? "";
      const steps = text.split("\n").filter((line) => /^[A-Z]+ /.test(line));
      expect(steps.at(-1)).toBe("COPY --from=build /built/plugin-server /built/start-plugin.sh /usr/local/bin/");
    }
  });

  test("the agent has Claude Code of one version, and no Node, npm or git", () => {
    expect(dockerfile).toMatch(/^ARG CLAUDE_CODE_VERSION=2\.\d+\.\d+$/m);
    const text = dockerfile.split(/^FROM /m).find((part) => part.startsWith("debian:bookworm-slim AS agent\n")) ?? "";
    const steps = text.split("\n").filter((line) => line.startsWith("COPY") || line.includes("apt-get"));
    expect(steps).not.toBeEmpty();
    expect(steps.join("\n")).not.toMatch(/\b(git|npm|node|nodejs|corepack|yarn)\b/);
    expect(text).toContain("\n    PATH=/home/claude/bin:");
  });

  test("the build sees no file of the checkout but what it needs", async () => {
    const ignore = await Bun.file(`${top}/docker/Dockerfile.dockerignore`).text();
    const lines = ignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines[0]).toBe("*");
    expect(
      lines
        .slice(1)
        .every((line) =>
          /^!(package\.json|bun\.lock|docker\/start-plugin\.sh|scripts\/lib\/build\.sh|plugins|src)$/.test(line),
        ),
    ).toBe(true);
  });
});
