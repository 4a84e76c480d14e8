import { hasEngine } from "./engine.ts";
import { interleave } from "./interleave.ts";
import { ratioRow, type Options, type Report } from "./report.ts";
import { makeRepository } from "./repository.ts";
import { medians, type Samples } from "./stats.ts";
import { timed } from "./timed.ts";
import { TOP, type Workplace } from "./workplace.ts";

/** Calls in one `docker exec`, so that what that costs itself can be taken away. */
const LOOP = 50;
const LOOP_SCRIPT = 'i=0; while [ $i -lt "$1" ]; do git --version; i=$((i + 1)); done';

/** The agent and git's plugin in containers: a call from the one to the other, and how long a plugin takes to be there. */
export async function benchCompose(place: Workplace, { isQuick }: Options): Promise<Report> {
  if (!hasEngine()) {
    return { rows: [], samples: {}, notes: ["Containers are not measured: no engine answers `docker info`"] };
  }
  await using containers = new Containers(place);
  containers.start();
  const [agent, plugin] = [containers.id("claude"), containers.id("git-plugin")];
  const exec =
    (...command: readonly string[]) =>
    () =>
      timed(["docker", "exec", ...command], containers.where);
  const calls = await interleave(
    {
      loop: exec(agent, "sh", "-c", LOOP_SCRIPT, "sh", String(LOOP)),
      empty: exec(agent, "sh", "-c", LOOP_SCRIPT, "sh", "0"),
      exec: exec(plugin, "git", "--version"),
    },
    { rounds: isQuick ? 6 : 40, warmup: 1 },
  );
  const starts: number[] = [];
  for (let round = 0; round < (isQuick ? 2 : 10); round += 1) {
    starts.push(await containers.startAgain());
  }
  const samples: Samples<"loop" | "empty" | "exec" | "start"> = { ...calls, start: starts };
  const found = medians(samples);
  const call = (ms: Readonly<Record<"loop" | "empty" | "exec", number>>): number => (ms.loop - ms.empty) / LOOP;
  return {
    rows: [
      ratioRow({
        what: "`git --version` from the agent's container, against `docker exec` of it in the plugin's",
        measured: `${call(found).toFixed(1)} ms; ${found.exec.toFixed(1)} ms`,
        samples: calls,
        ratio: (ms) => call(ms) / ms.exec,
        target: { atMost: 0.2 },
      }),
      {
        what: "from `docker compose up -d` of a built image to the first answered call",
        measured: `${starts.length} times`,
        result: `${(found.start / 1000).toFixed(2)} s`,
        target: "",
        isMet: true,
      },
    ],
    samples,
  };
}

/** An installation of its own in containers. */
class Containers implements AsyncDisposable {
  readonly where: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  readonly #home: string;
  readonly #place: Workplace;

  constructor(place: Workplace) {
    this.#place = place;
    this.#home = place.path("compose-home");
    const project = place.path("compose-project");
    makeRepository(project, 1, place.env);
    // The engine's own variables are needed too.
    this.where = {
      cwd: project,
      env: { ...(process.env as Record<string, string>), CLAUDE_CONTAINER_HOME: this.#home },
    };
    place.running.add(this);
  }

  /** @throws Error when it does not start */
  start(): void {
    this.#run("start", "--compose");
  }

  /** The container of a service. */
  id(service: string): string {
    return this.#compose("ps", "-q", service).trim();
  }

  /** Removes git's container, starts another, and returns the milliseconds until a call that waits for it is answered. */
  async startAgain(): Promise<number> {
    this.#compose("rm", "-fs", "git-plugin");
    const begun = performance.now();
    const socket = `${this.#home}/sockets/git/git.sock`;
    const { cwd, env } = this.where;
    const call = Bun.spawn([this.#place.client, socket, "git", "--version"], {
      cwd,
      env: { ...env },
      stdout: "ignore",
    });
    this.#compose("up", "-d", "--no-deps", "git-plugin");
    if ((await call.exited) !== 0) {
      throw new Error(`Cannot measure the start of a container: the call ended with ${call.exitCode}`);
    }
    return performance.now() - begun;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#place.running.delete(this);
    this.#run("stop");
    await Promise.resolve();
  }

  #compose(...args: readonly string[]): string {
    return this.#spawn(["docker", "compose", "--env-file", `${this.#home}/compose.env`, ...args]);
  }

  #run(...args: readonly string[]): void {
    this.#spawn([`${TOP}/scripts/run.sh`, ...args]);
  }

  #spawn(command: readonly string[]): string {
    const { cwd, env } = this.where;
    const { stdout, stderr, exitCode } = Bun.spawnSync([...command], { cwd, env: { ...env }, stdin: "ignore" });
    if (exitCode !== 0) {
      throw new Error(`Cannot measure: \`${command.join(" ")}\` ended with ${exitCode}: ${stderr.toString()}`);
    }
    return stdout.toString();
  }
}
