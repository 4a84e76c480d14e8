import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { readEnvironment, refreshEnvironment, writeEnvironment } from "../../scripts/compose/environment.ts";
import { homeAt, type Home } from "../../scripts/home/home.ts";

class Place implements AsyncDisposable {
  readonly root: string;
  readonly home: Home;
  readonly #top: string;

  constructor(top: string) {
    this.#top = top;
    this.root = `${top}/check out`;
    this.home = homeAt(`${top}/ho me`);
  }

  static async create(): Promise<Place> {
    const place = new Place(await mkdtemp(`${tmpdir()}/cc-`));
    await mkdir(place.root);
    await mkdir(place.home.compose, { recursive: true });
    return place;
  }

  async text(path: string): Promise<string> {
    return await Bun.file(path).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#top, { recursive: true });
  }
}

test("what is written to compose.env is read again, whatever characters the project's path has", async () => {
  await using place = await Place.create();
  const project = `/a b/it's "q" $HOME \\n #x`;
  const before = { ...(await readEnvironment(place.home)), project, uid: "7", gid: "8", agentCommand: "other --flag" };
  await writeEnvironment(place.home, place.root, before);
  expect(await readEnvironment(place.home)).toEqual(before);
  expect(before.name).toMatch(/^claude-container-[0-9a-f]{8}$/);
});

test("a line break in a path is refused, and a colon where compose files are listed", async () => {
  await using place = await Place.create();
  const environment = await readEnvironment(place.home);
  const broken = writeEnvironment(place.home, place.root, { ...environment, project: "/a\nb" });
  expect(broken).rejects.toThrow("line break");
  expect(writeEnvironment(place.home, "/a:b", environment)).rejects.toThrow("colon");
});

test("COMPOSE_FILE lists the additions of the user, and follows when they come and go", async () => {
  await using place = await Place.create();
  await writeEnvironment(place.home, place.root, { ...(await readEnvironment(place.home)), project: "/p" });
  await Bun.write(`${place.root}/compose.override.yaml`, "");
  await Bun.write(`${place.home.compose}/jq.yaml`, "");
  await Bun.write(`${place.home.compose}/.jq.yaml.swp`, "");
  await refreshEnvironment(place.home, place.root);
  const files = ["compose.yaml", "compose.override.yaml"].map((name) => `${place.root}/${name}`);
  expect(await place.text(place.home.environment)).toContain(
    `COMPOSE_FILE="${[...files, `${place.home.compose}/jq.yaml`].join(":")}"\n`,
  );
});

test("a config with a part for a broker brings the broker's compose file, and takes it away again", async () => {
  await using place = await Place.create();
  const config = `${place.home.folder}/config/git.yaml`;
  await Bun.write(config, "plugin: git\n# broker:\n#   allowed_repos: []\n");
  await writeEnvironment(place.home, place.root, { ...(await readEnvironment(place.home)), project: "/p" });
  const without = await place.text(place.home.environment);
  expect(without).not.toContain("broker");
  for (const part of ["broker: { allowed_repos: [] }", '"credentials" : {}']) {
    await Bun.write(config, `plugin: git\n${part}\n`);
    await refreshEnvironment(place.home, place.root);
    const files = ["compose.yaml", "docker/compose.git-broker.yaml"].map((name) => `${place.root}/${name}`);
    const text = await place.text(place.home.environment);
    expect(text).toContain(`COMPOSE_FILE="${files.join(":")}"\n`);
    expect(text).toContain('CLAUDE_BROKERS="git"\n');
  }
  await Bun.write(config, "plugin: git\nrules: {}\n");
  await refreshEnvironment(place.home, place.root);
  expect(await place.text(place.home.environment)).toBe(without);
});

test("a .env that is not ours is kept, with a note; ours is replaced, and that of a home which is gone", async () => {
  await using place = await Place.create();
  const environment = await readEnvironment(place.home);
  expect(await writeEnvironment(place.home, place.root, environment)).toBeUndefined();
  expect(await place.text(`${place.root}/.env`)).toStartWith(
    `# Written by claude-container for ${place.home.folder}\nCOMPOSE_PROJECT_NAME=`,
  );
  expect(await writeEnvironment(place.home, place.root, { ...environment, project: "/p" })).toBeUndefined();
  expect(await place.text(`${place.root}/.env`)).toContain('CLAUDE_PROJECT="/p"');
  await Bun.write(`${place.root}/.env`, "MINE=1\n");
  expect(await writeEnvironment(place.home, place.root, environment)).toContain("Kept");
  expect(await place.text(`${place.root}/.env`)).toBe("MINE=1\n");
  const mark = "# Written by claude-container for";
  await Bun.write(`${place.root}/.env`, `${mark} ${place.root}\n`);
  expect(await writeEnvironment(place.home, place.root, environment)).toContain("Kept");
  await Bun.write(`${place.root}/.env`, `${mark} ${place.root}/gone\n`);
  expect(await writeEnvironment(place.home, place.root, environment)).toBeUndefined();
});
