import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, lstatSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { SERVER } from "../helpers/executables.ts";
import { isAlive } from "../helpers/processes.ts";
import { waitFor } from "../helpers/wait-for.ts";

// Above every bound of waitFor, so that a test fails with the sentence of what it waited for.
setDefaultTimeout(20_000);

/** A folder with a config, and the daemons that were started there. */
class Place implements AsyncDisposable {
  readonly folder: string;
  readonly #children: Bun.Subprocess[] = [];

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Place> {
    const folder = await mkdtemp(`${tmpdir()}/sp-`);
    await writeFile(`${folder}/true.yaml`, "plugin: 'true'\n");
    return new Place(folder);
  }

  start(socket: string): { child: Bun.Subprocess; stderr: () => Promise<string> } {
    const log = `${this.folder}/log${this.#children.length}`;
    const child = Bun.spawn([SERVER, "serve", `${this.folder}/true.yaml`, "--socket", socket], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", HOME: this.folder, PLUGIN_WORKSPACE: this.folder },
      stdio: ["ignore", "ignore", Bun.file(log)],
    });
    this.#children.push(child);
    return { child, stderr: async () => await readFile(log, "utf8") };
  }

  /** Starts one that listens. */
  async ready(socket: string): Promise<Bun.Subprocess> {
    const { child, stderr } = this.start(socket);
    await waitFor("the daemon is ready", async () => (await stderr()).includes('"ready"'));
    return child;
  }

  /** Starts one that has to give up, and returns what it said of the error. */
  async refused(socket: string): Promise<string> {
    const { child, stderr } = this.start(socket);
    expect(await child.exited).toBe(1);
    const lines = (await stderr()).split("\n").filter((line) => line.includes("Cannot listen"));
    expect(lines).toHaveLength(1);
    return lines[0] ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      child.kill("SIGKILL");
      await child.exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

test("a path of 107 bytes is listened on, one of 108 is refused with both numbers", async () => {
  await using place = await Place.make();
  const longest = `${place.folder}/${"s".repeat(107 - place.folder.length - 1)}`;
  await place.ready(longest);
  expect(lstatSync(longest).isSocket()).toBe(true);
  const said = await place.refused(`${longest}x`);
  expect(said).toContain(`"${longest}x"`);
  expect(said).toMatch(/108 bytes.*107.*shorter/u);
});

test("bytes count, not characters", async () => {
  await using place = await Place.make();
  expect(await place.refused(`${place.folder}/${"ž".repeat(50)}`)).toContain("107");
});

test("the folder of the socket is made when it is missing", async () => {
  await using place = await Place.make();
  await place.ready(`${place.folder}/a/b/s`);
  expect(lstatSync(`${place.folder}/a/b/s`).isSocket()).toBe(true);
});

test.each([
  { name: "is a file", folder: (place: Place) => `${place.folder}/true.yaml` },
  { name: "cannot be written to, whoever asks", folder: () => "/proc/sys/kernel" },
  { name: "cannot be made", folder: () => "/proc/nowhere" },
])("a folder that $name is refused with the folder and what to do", async ({ folder }) => {
  await using place = await Place.make();
  const said = await place.refused(`${folder(place)}/s`);
  expect(said).toContain(`"${folder(place)}/s"`);
  expect(said).toMatch(/writable|choose another path/u);
});

test("a file at the path is refused and kept", async () => {
  await using place = await Place.make();
  await writeFile(`${place.folder}/s`, "the user's");
  expect(await place.refused(`${place.folder}/s`)).toMatch(/not a socket.*move it away/u);
  expect(await readFile(`${place.folder}/s`, "utf8")).toBe("the user's");
});

test.each(["folder", "link to nowhere", "link to a file"])("a %s at the path is refused and kept", async (kind) => {
  await using place = await Place.make();
  const path = `${place.folder}/s`;
  if (kind === "folder") {
    await mkdir(path);
  } else {
    await symlink(kind === "link to nowhere" ? "/nonexistent" : `${place.folder}/true.yaml`, path);
  }
  expect(await place.refused(path)).toContain("not a socket");
  expect(lstatSync(path, { throwIfNoEntry: false })).toBeDefined();
  expect(await readFile(`${place.folder}/true.yaml`, "utf8")).toContain("plugin");
});

test("another daemon at the path is refused, named, and goes on", async () => {
  await using place = await Place.make();
  const first = await place.ready(`${place.folder}/s`);
  expect(await place.refused(`${place.folder}/s`)).toMatch(/another daemon.*stop it first/u);
  expect(isAlive(first.pid)).toBe(true);
  expect(lstatSync(`${place.folder}/s`).isSocket()).toBe(true);
});

test("a program that is no plugin and listens at the path is left alone", async () => {
  await using place = await Place.make();
  const listener = Bun.listen({ unix: `${place.folder}/s`, socket: { data: () => {} } });
  expect(await place.refused(`${place.folder}/s`)).toContain("another daemon");
  listener.stop();
});

test("what a killed daemon left is removed, and nothing else", async () => {
  await using place = await Place.make();
  await mkdir(`${place.folder}/run`);
  await writeFile(`${place.folder}/run/precious`, "kept");
  const first = await place.ready(`${place.folder}/run/s`);
  first.kill("SIGKILL");
  await first.exited;
  expect(existsSync(`${place.folder}/run/s`)).toBe(true);
  await place.ready(`${place.folder}/run/s`);
  expect((await readdir(`${place.folder}/run`)).toSorted()).toEqual(["precious", "s"]);
});

test("a daemon that ends removes its own socket, and not the one of its successor", async () => {
  await using place = await Place.make();
  const path = `${place.folder}/s`;
  const first = await place.ready(path);
  await rm(path);
  await place.ready(path);
  const inode = lstatSync(path).ino;
  first.kill("SIGTERM");
  expect(await first.exited).toBe(0);
  expect(lstatSync(path, { throwIfNoEntry: false })?.ino).toBe(inode);
});

test("of four daemons that start together, exactly one wins", async () => {
  await using place = await Place.make();
  for (let round = 0; round < 5; round += 1) {
    const path = `${place.folder}/s${round}`;
    const started = Array.from({ length: 4 }, () => place.start(path));
    const logs = async (): Promise<string[]> => await Promise.all(started.map(async ({ stderr }) => await stderr()));
    await waitFor("all have decided", async () =>
      (await logs()).every((log) => log.includes('"ready"') || log.includes("Cannot listen")),
    );
    expect((await logs()).filter((log) => log.includes('"ready"'))).toHaveLength(1);
    const losers = started.filter(({ child }) => child.exitCode === null);
    await waitFor("the losers have ended", () => losers.filter(({ child }) => child.exitCode === null).length === 1);
    expect(lstatSync(path).isSocket()).toBe(true);
  }
});

test("the socket is for its owner only, unless access.mode says otherwise, from the moment it is there", async () => {
  await using place = await Place.make();
  await place.ready(`${place.folder}/s`);
  expect(lstatSync(`${place.folder}/s`).mode & 0o777).toBe(0o600);
  await writeFile(`${place.folder}/true.yaml`, "plugin: 'true'\naccess: { mode: '0666' }\n");
  await place.ready(`${place.folder}/open`);
  expect(lstatSync(`${place.folder}/open`).mode & 0o777).toBe(0o666);
});
