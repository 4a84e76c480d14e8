import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

/** The checkout. */
export const TOP: string = resolve(import.meta.dir, "../..");
const LONGEST_TOP = 60;

/** A folder of its own with the three executables, so that a build in dist/ meanwhile changes nothing. */
export class Workplace implements AsyncDisposable {
  readonly folder: string;
  readonly client: string;
  readonly server: string;
  /** A program that does nothing, as Bun compiles it. */
  readonly empty: string;
  /** The same, laid out in its file as the client is. */
  readonly emptyLaidOut: string;
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
    this.emptyLaidOut = `${folder}/bin/empty-laid-out`;
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
    build("bundle", this.folder, "empty.ts", this.empty);
    build("compile", this.folder, "empty.ts", this.emptyLaidOut);
    build("compile", TOP, "client/main.ts", this.client, "client/whole.ts");
    build("compile", TOP, "plugins/main.ts", this.server);
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

/** With the very functions that build dist/: their options are what makes an empty program start as the client does. */
function build(how: "bundle" | "compile", root: string, entry: string, executable: string, ...more: string[]): void {
  const script = 'root=$1 me=bench bun=$2; . "$3" && "${@:4}"';
  const given = [root, process.execPath, `${TOP}/scripts/lib/build.sh`, how, entry, executable, ...more];
  const { exitCode } = Bun.spawnSync(["bash", "-c", script, "bash", ...given], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (exitCode !== 0) {
    throw new Error(`Cannot build ${entry}: scripts/lib/build.sh exited with ${exitCode}`);
  }
}
