import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";

import { Authority } from "../helpers/authority.ts";
import { GitServer } from "../helpers/git-server.ts";
import { makeRepository, TemporaryHome } from "./home.ts";

setDefaultTimeout(60_000);

const TOKEN = "CANARY-token-0123456789";

/** A host of repositories, and a home whose broker may ask it. */
class Place implements AsyncDisposable {
  readonly home: TemporaryHome;
  readonly server: GitServer;
  readonly #authority: Authority;
  readonly #root: string;

  constructor(home: TemporaryHome, server: GitServer, authority: Authority, root: string) {
    this.home = home;
    this.server = server;
    this.#authority = authority;
    this.#root = root;
  }

  static async create(): Promise<Place> {
    const home = await TemporaryHome.create();
    const authority = await Authority.create();
    const root = await mkdtemp(`${tmpdir()}/git-host-`);
    await mkdir(`${root}/acme`);
    await mkdir(`${root}/work`);
    await makeRepository(`${root}/work`, "words of the server");
    Bun.spawnSync(["git", "clone", "-q", "--bare", `${root}/work`, `${root}/acme/thing.git`]);
    const server = new GitServer({ root, token: TOKEN, certificate: await authority.issue("IP:127.0.0.1") });
    const place = new Place(home, server, authority, root);
    await home.install();
    await home.run(["secret", "set", "token"], { stdin: TOKEN });
    await home.run(["secret", "set", "ca.pem"], { stdin: await Bun.file(authority.file).text() });
    return place;
  }

  /** The paths are those of containers: one config is for both. */
  get config(): string {
    return `plugin: git
credentials: { "${this.server.host}": { file: /run/secrets/token } }
broker: { allowed_repos: ["${this.server.host}/acme/*"], hosts: { "${this.server.host}": { ca_file: /run/secrets/ca.pem } } }
`;
  }

  async lsRemote(): Promise<{ stdout: string; stderr: string; status: number }> {
    return await this.home.run(["exec", "git", "ls-remote", `${this.server.url}/acme/thing.git`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    this.server[Symbol.dispose]();
    await this.#authority[Symbol.asyncDispose]();
    await rm(this.#root, { recursive: true });
  }
}

test("in local mode the broker is a process of its own, that start, restart, status and stop know", async () => {
  await using place = await Place.create();
  const { home } = place;
  await home.run(["start"]);
  const before = await home.pidOf("git");
  await home.writeConfig("git", place.config);
  const started = await home.run(["start"]);
  expect(started).toMatchObject({ stderr: "", status: 0 });
  expect(started.stdout).toMatch(/^git-broker +ready +\d+ /m);
  expect(started.stdout).toContain("nothing keeps a tool from its secrets");
  // It was started without a broker.
  expect(await home.pidOf("git")).not.toBe(before);
  expect(await place.lsRemote()).toMatchObject({ stdout: expect.stringContaining("HEAD"), status: 0 });

  const broker = await brokerOf(home);
  expect((await home.run(["start"])).status).toBe(0);
  expect(await brokerOf(home)).toEqual(broker);
  expect(await home.run(["restart"])).toMatchObject({ status: 0 });
  const next = await brokerOf(home);
  expect({ state: next?.state, isSame: next?.pid === broker?.pid }).toEqual({ state: "ready", isSame: false });
  expect(await place.lsRemote()).toMatchObject({ status: 0 });

  expect((await home.run(["logs", "git-broker"])).stdout).toContain('"event":"request"');
  expect((await home.run(["stop"])).stdout).toBe("Stopped git\nStopped git-broker\n");
  expect(await brokerOf(home)).toMatchObject({ state: "down", pid: null });
});

test("status tells of a token that was refused, and exits with 1", async () => {
  await using place = await Place.create();
  const { home } = place;
  await home.writeConfig("git", place.config);
  await home.run(["secret", "set", "token"], { stdin: "wrong" });
  await home.run(["start"]);
  const words = `${place.server.host} answered 401: the token in secrets/token was refused`;
  expect((await place.lsRemote()).stderr).toContain(words);
  expect(await home.run(["status"])).toMatchObject({ stdout: expect.stringContaining(words), status: 1 });
  await home.run(["secret", "set", "token"], { stdin: TOKEN });
  expect(await place.lsRemote()).toMatchObject({ status: 0 });
  expect((await home.run(["status"])).status).toBe(0);
});

test("start and status name a secret that is not there before anybody asks, and what brings it", async () => {
  await using place = await Place.create();
  const { home } = place;
  await home.run(["secret", "remove", "token"]);
  await home.writeConfig("git", place.config);
  const row = /^git-broker +failing .* secrets\/token is not there; scripts\/run\.sh secret set token; /m;
  expect(await home.run(["start"])).toMatchObject({ stdout: expect.stringMatching(row), status: 1 });
  await home.run(["secret", "remove", "ca.pem"]);
  const both =
    /secrets\/token is not there; secrets\/ca\.pem is not there; scripts\/run\.sh secret set token, secret set ca\.pem; /;
  expect(await home.run(["status"])).toMatchObject({ stdout: expect.stringMatching(both), status: 1 });
  for (const name of ["token", "ca.pem"]) {
    await home.run(["secret", "set", name], { stdin: TOKEN });
  }
  expect(await home.run(["status"])).toMatchObject({ status: 0 });
});

test("without a part for it in the config the broker is stopped, and git asks the host itself", async () => {
  await using place = await Place.create();
  const { home } = place;
  await home.writeConfig("git", place.config);
  await home.run(["start"]);
  expect(await brokerOf(home)).toMatchObject({ state: "ready" });
  await home.writeConfig("git", "plugin: git\n");
  expect((await home.run(["start"])).status).toBe(0);
  expect(await brokerOf(home)).toBeUndefined();
  expect((await place.lsRemote()).stderr).not.toContain("broker");
});

async function brokerOf(home: TemporaryHome): Promise<{ state: string; pid: number | null } | undefined> {
  const { brokers = [] } = JSON.parse((await home.run(["status", "--json"])).stdout);
  return brokers[0];
}
