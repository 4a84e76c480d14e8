import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import {
  allReady,
  expectAgentKeptOut,
  expectHardened,
  expectNoSecret,
  expectOnlyBroker,
  statusShows,
  type Inside,
} from "./brokered.ts";
import { expectNoDefaultRoute, expectStartOnlyWithoutRoute } from "./default-route.ts";
import { describeWithEngine } from "./engine.ts";
import { Installation } from "./installation.ts";
import { PrivateRegistry } from "./private-registry.ts";

// The first start builds the images.
setDefaultTimeout(900_000);

const TREE = JSON.stringify({
  name: "app",
  version: "1.0.0",
  dependencies: { "@acme/two": "^1.0.0", weak: "npm:@acme/weak@1" },
});

/** All on one line, as YAML may be. `scope`: whose packages npm.test has; `more` of the key broker, and `after` it. */
function config({ scope = "default", more = "", after = "" } = {}): string {
  return `{ plugin: npm,
  credentials: { npm.test: { file: /run/secrets/npm_token } },
  broker: { registries: { "${scope}": "https://npm.test/" }, hosts: { npm.test: { ca_file: /run/secrets/npm-ca.pem } }${more} }${after} }
`;
}

describeWithEngine("npm with a broker", () => {
  let home: Installation;
  let registry: PrivateRegistry;
  let egress = "";
  // Also when not all of it could be made; the last one first.
  const made = new AsyncDisposableStack();

  beforeAll(async () => {
    home = made.use(await Installation.make());
    registry = made.use(await PrivateRegistry.run(home));
    await registry.publish({ name: "@acme/weak", version: "1.0.0" });
    await registry.publish({ name: "@acme/one", version: "1.2.0" }, { "index.js": "module.exports = 1;\n" });
    await registry.publish({ name: "@acme/two", version: "1.0.3", dependencies: { "@acme/one": "^1.0.0" } });
    await registry.publish(
      { name: "@acme/tries", version: "1.0.0", scripts: { postinstall: "sh tries.sh" } },
      { "tries.sh": TRIES },
    );
    // First without a broker: what is there then must not stay.
    await home.run(["start"]);
    await home.script("add-tool.sh", ["npm"]);
    await allReady(home);
    await home.writeConfig("npm", config());
    // The secrets are not there yet: it says so, before anybody asks.
    await home.run(["start", "npm"]);
    const missing =
      /^npm-broker +failing .* secrets\/npm_token is not there; secrets\/npm-ca\.pem is not there; .*secret set /m;
    await statusShows(home, ({ stdout, status }) => status === 1 && missing.test(stdout));
    const authority = await Bun.file(registry.server.authority.file).text();
    expect(await home.run(["secret", "set", "npm-ca.pem"], { stdin: authority })).toMatchObject({ status: 0 });
    expect(await home.run(["secret", "set", "npm_token"], { stdin: registry.token })).toMatchObject({ status: 0 });
    await allReady(home);
    egress = `${await home.composeProject()}_npm-egress`;
    await registry.server.join(egress);
  });

  afterAll(async () => {
    await made.disposeAsync();
  });

  const inside = (): Inside => ({
    home,
    tool: "npm",
    asTool: async (script) => await home.exec("npm", "exec", "--silent", "-c", script),
  });
  const project = async (name: string, files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [file, content] of Object.entries(files)) {
      await Bun.write(`${home.project}/${name}/${file}`, content);
    }
    await home.giveToOwner(home.project);
  };
  const npm = async (name: string, ...args: readonly string[]): ReturnType<Installation["exec"]> =>
    await home.exec("npm", "--prefix", name, "--fetch-retries=0", ...args);

  test("an install of a private scope brings the tree, and the same lock as a direct one", async () => {
    await project("app", { "package.json": TREE });
    const { stderr, status } = await npm("app", "install", "--no-audit");
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    await registry.npm("direct", { "package.json": TREE }, "install", "--no-audit");
    const lock = await Bun.file(`${home.project}/app/package-lock.json`).text();
    expect(lock).toBe(await Bun.file(`${registry.server.folder}/direct/package-lock.json`).text());
    expect(lock).toContain('"resolved": "https://npm.test/@acme/one/-/one-1.2.0.tgz"');
    expect(await Bun.file(`${home.project}/app/node_modules/@acme/one/index.js`).text()).toBe("module.exports = 1;\n");
  });

  test("an audit tells what the registry knows against a package", async () => {
    const { stdout, status } = await npm("app", "audit");
    expect({ stdout, status }).toEqual({ stdout: expect.stringContaining("It is weak"), status: 1 });
  });

  test("a package of a scope that the config has no registry for is refused", async () => {
    await home.writeConfig("npm", config({ scope: "@acme" }));
    expect((await npm("app", "view", "@acme/one", "version")).stdout).toBe("1.2.0\n");
    const { stderr, status } = await npm("app", "view", "left-pad");
    expect({ stderr, status }).toEqual({
      stderr: expect.stringContaining("broker.registries has no registry"),
      status: 1,
    });
    await home.writeConfig("npm", config());
  });

  test("a publication is refused in npm's own words, and passes once the config lists it", async () => {
    const manifest = { name: "@acme/mine", version: "1.0.0", files: ["a.js"] };
    await project("mine", { "package.json": JSON.stringify(manifest), "a.js": "1;\n" });
    const refused = await home.exec("npm", "publish", "./mine");
    expect(refused.stderr).toContain('plugin policy: "@acme/mine" is not in broker.publish (npm.yaml)');
    expect(refused.status).toBe(1);
    await home.writeConfig("npm", config({ more: ', publish: ["@acme/m*"]' }));
    expect(await home.exec("npm", "publish", "./mine")).toMatchObject({ status: 0 });
    expect(await registry.npm("direct", {}, "view", "@acme/mine", "version")).toBe("1.0.0");
    await home.writeConfig("npm", config());
  });

  test("a script of a package runs, with no credential and nothing but the broker in reach", async () => {
    await project("runs", { "package.json": "{}" });
    await home.write(`${home.project}/address`, await registry.server.addressOn(egress));
    expect(await npm("runs", "install", "--no-audit", "@acme/tries")).toMatchObject({ status: 0 });
    const tried = await Bun.file(`${home.project}/runs/node_modules/@acme/tries/tried`).text();
    expect(tried).toBe("ran\nbroker answers\nno credential for whoami: 403\npublishing: 403\n");
    await project("still", { "package.json": "{}" });
    await home.writeConfig("npm", config({ after: ", ignore_scripts: true" }));
    expect(await npm("still", "install", "--no-audit", "@acme/tries")).toMatchObject({ status: 0 });
    const made = Bun.file(`${home.project}/still/node_modules/@acme/tries/tried`);
    expect(await made.exists()).toBe(false);
    await home.writeConfig("npm", config());
  });

  test("the tool reaches its broker, and nothing else by name or address", async () => {
    await expectOnlyBroker(inside(), ["npm.test", await registry.server.addressOn(egress)]);
  });

  test("where the tool runs there is no default route and no power to set one, after a restart too", async () => {
    await expectNoDefaultRoute(inside());
  });

  test("a plugin with a broker that cannot be without a default route does not start, and says why", async () => {
    await expectStartOnlyWithoutRoute(inside());
  });

  test("no secret is where the tool runs", async () => {
    await expectNoSecret(inside(), registry.token);
  });

  test("the agent can neither resolve nor reach the broker, and has no secret", async () => {
    await expectAgentKeptOut(inside(), ["npm.test"]);
  });

  test("the broker runs as the owner, with no capability, on a read-only system without the project", async () => {
    await expectHardened(inside());
  });

  test("status tells of a token that was refused, and the next request with another is well", async () => {
    await home.run(["secret", "set", "npm_token"], { stdin: "CANARY-wrong\n" });
    const { stderr } = await npm("app", "view", "@acme/one", "--prefer-online");
    const words = "npm.test answered 401: the token in secrets/npm_token was refused";
    expect(stderr).toContain(words);
    const row = new RegExp(`^npm-broker +failing .*${words}; .*secret set npm_token`, "m");
    await statusShows(home, ({ stdout, status }) => status === 1 && row.test(stdout));
    await home.run(["secret", "set", "npm_token"], { stdin: registry.token });
    expect(await npm("app", "view", "@acme/one", "--prefer-online")).toMatchObject({ status: 0 });
    await allReady(home);
  });

  test("npm and status tell of a lost upstream, and both are well when it is back", async () => {
    await registry.server.stop();
    const { stderr } = await npm("app", "view", "@acme/one", "--prefer-online");
    expect(stderr).toContain("Cannot reach npm.test: nobody listens there");
    await statusShows(home, ({ stdout }) => /^npm-broker +failing .*Cannot reach npm\.test/m.test(stdout));
    await registry.start();
    expect(await npm("app", "view", "@acme/one", "--prefer-online")).toMatchObject({ status: 0 });
    await allReady(home);
  });

  test("the audit of the broker has every request and no token", async () => {
    const { stdout, stderr, status } = await home.run(["logs", "npm-broker"]);
    const log = `${stdout}${stderr}`;
    expect(status).toBe(0);
    expect(log).toContain('"service":"publish","decision":"deny","rule":"publish"');
    expect(log).toContain('"package":"@acme/mine@1.0.0"');
    expect(log).not.toContain(registry.token);
    expect(log).not.toContain("CANARY");
  });

  test("docker compose by hand brings the broker with the plugin", async () => {
    expect((await home.run(["stop", "npm"])).stdout).toBe("Stopped npm\nStopped npm-broker\n");
    expect(await home.compose("up", "-d", "npm-plugin")).toMatchObject({ status: 0 });
    expect(await npm("app", "view", "@acme/one", "--prefer-online")).toMatchObject({ status: 0 });
  });

  test("without a part for it in the config there is no broker, and the plugin has its way out again", async () => {
    await home.writeConfig("npm", "plugin: npm\n");
    await home.run(["start"]);
    await allReady(home);
    expect(await home.container("npm-broker")).toBe("");
    const format = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
    const networks = await home.docker("inspect", "-f", format, await home.container("npm-plugin"));
    expect(networks.trim()).toBe(`${await home.composeProject()}_npm`);
  });
});

/** What a package tries that has come to be hostile: it writes down what it got at. */
const TRIES = `{
  echo ran
  ls /run/secrets 2>/dev/null
  for address in npm.test "$(cat "$INIT_CWD/address")"; do
    timeout 3 bash -c "</dev/tcp/$address/443" 2>/dev/null && echo "reached $address"
  done
  ask() {
    node -e 'const [url, method] = process.argv.slice(1);
      fetch(url, { method, headers: { "content-type": "application/json" }, ...(method === "PUT" && { body: "{}" }) })
        .then(async (answer) => console.log(answer.status), () => console.log("nobody"))' "$@"
  }
  [ "$(ask http://npm-broker:8080/@acme%2fone GET)" = 200 ] && echo "broker answers"
  echo "no credential for whoami: $(ask http://npm-broker:8080/-/whoami GET)"
  echo "publishing: $(ask http://npm-broker:8080/@acme%2fone PUT)"
} >tried
`;
