import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { readEnvironment, refreshEnvironment, writeEnvironment } from "../../scripts/compose/environment.ts";
import { homeAt, type Home } from "../../scripts/home/home.ts";

class Place implements AsyncDisposable {
  readonly root: string;
  readonly home: Home;

  constructor(top: string) {
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
    await rm(`${this.root}/..`, { recursive: true });
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

test.each(["git", "npm"])(
  "a config of %s with a part for a broker brings the broker's compose file, and takes it away again",
  async (tool) => {
    await using place = await Place.create();
    const config = `${place.home.folder}/config/${tool}.yaml`;
    await Bun.write(config, `plugin: ${tool}\n# broker:\n#   allowed_repos: []\n`);
    await writeEnvironment(place.home, place.root, { ...(await readEnvironment(place.home)), project: "/p" });
    const without = await place.text(place.home.environment);
    expect(without).not.toContain("broker");
    for (const text of WITH_BROKER) {
      await Bun.write(config, text);
      await refreshEnvironment(place.home, place.root);
      const files = ["compose.yaml", `docker/compose.${tool}-broker.yaml`].map((name) => `${place.root}/${name}`);
      const environment = await place.text(place.home.environment);
      expect({ text, environment }).toEqual({
        text,
        environment: expect.stringContaining(`COMPOSE_FILE="${files.join(":")}"\n`),
      });
      expect(environment).toContain(`CLAUDE_BROKERS="${tool}"\n`);
    }
    for (const text of WITHOUT_BROKER) {
      await Bun.write(config, text);
      await refreshEnvironment(place.home, place.root);
      expect({ text, environment: await place.text(place.home.environment) }).toEqual({ text, environment: without });
    }
  },
);

const WITH_BROKER = [
  "plugin: x\nbroker: { allowed_repos: [] }\n",
  'plugin: x\n"credentials" : {}\n',
  "{ plugin: x, broker: {} }\n",
  '{"plugin":"x","credentials":{"github.com":{"file":"/run/secrets/a"}}}',
  "{ plugin: x,\n  rules: {}, 'broker': { allowed_repos: [] } }\n",
  "? broker\n: {}\n",
  "  plugin: x\n  broker: {}\n",
  '"bro\\x6ber": {}\n',
  // In the middle of an edit: what runs is not taken away.
  "plugin: x\nbroker: { allowed_repos: [\n",
  "{ plugin: x, credentials: {} \n",
];
const WITHOUT_BROKER = [
  "plugin: x\nrules: {}\n",
  "plugin: x\nrules: { reason: 'broker: x' }\n",
  'plugin: x\nhint: "\n broker: {}"\n',
  "plugin: x\nlimits: { broker: {} }\n",
  "- broker\n",
  "broker\n",
  "plugin: x\nrules: [\n# broker: {}\n",
  "",
];

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
