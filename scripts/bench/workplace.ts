import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const TOP = resolve(import.meta.dir, "../..");
const LONGEST_TOP = 60;

/** A folder of its own with the three executables, so that a build in dist/ meanwhile changes nothing. */
export class Workplace implements AsyncDisposable {
  readonly folder: string;
  readonly client: string;
  readonly server: string;
  /** A program that does nothing, built as the client is. */
  readonly empty: string;
  /** Small and the same for everything that is started. */
  readonly env: Readonly<Record<string, string>>;
  /** What runs, and ends before the folder goes. */
  readonly running: Set<AsyncDisposable> = new Set();
  #removed: Promise<void> | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.client = `${folder}/bin/plugin-client`;
    this.server = `${folder}/bin/plugin-server`;
    this.empty = `${folder}/bin/empty`;
    this.env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder, LANG: "C.UTF-8" };
  }

  static async create(): Promise<Workplace> {
    // The paths of sockets end at 107 bytes.
    const parent = tmpdir().length <= LONGEST_TOP ? tmpdir() : "/tmp";
    return new Workplace(await mkdtemp(`${parent}/bench-`));
  }

  async build(): Promise<void> {
    await mkdir(this.path("bin"));
    await Bun.write(this.path("empty.ts"), "export {};\n");
    compile(this.folder, "empty.ts", this.empty);
    compile(TOP, "client/main.ts", this.client);
    compile(TOP, "plugins/main.ts", this.server);
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** The text of a file of the project. */
  async source(name: string): Promise<string> {
    return await Bun.file(`${TOP}/${name}`).text();
  }

  /** Once, however many ask: a signal may come while the end is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#removed ??= this.#remove();
    await this.#removed;
  }

  async #remove(): Promise<void> {
    await Promise.all([...this.running].map((one) => one[Symbol.asyncDispose]()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** With the very function that builds dist/: its options are what makes an empty program start as the client does. */
function compile(root: string, entry: string, executable: string): void {
  const script = 'root=$1 me=bench bun=$2; . "$3" && compile "$4" "$5"';
  const given = [root, process.execPath, `${TOP}/scripts/lib/build.sh`, entry, executable];
  const { exitCode } = Bun.spawnSync(["bash", "-c", script, "bash", ...given], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (exitCode !== 0) {
    throw new Error(`Cannot build ${entry}: scripts/lib/build.sh exited with ${exitCode}`);
  }
}
