import { expect, test } from "bun:test";

import { brokerWarnings } from "../../src/policy/broker-warnings.ts";
import { parseConfig } from "../../src/policy/load.ts";

test("brokerWarnings() names what opens much, what is not used, and what travels in the clear, with their lines", () => {
  const config = parseConfig(
    `plugin: git
credentials:
  git.local: { file: /run/secrets/a }
  github.com: { file: /run/secrets/b }
  gone.example.com: { file: /run/secrets/c }
broker:
  allowed_repos: [git.local/team/*, github.com/*]
  hosts: { git.local: { protocol: http } }
`,
    "git.yaml",
  );
  expect(brokerWarnings(config).map(({ place, message }) => `${place.line}: ${message}`)).toEqual([
    '7: "github.com/*" is every repository that the credential reaches, for reading and writing',
    '8: The credential for "git.local" travels in the clear: its protocol is http',
    '5: The credential for "gone.example.com" is never used: broker.allowed_repos has nothing of that host',
  ]);
  expect(brokerWarnings(parseConfig("plugin: git\n", "git.yaml"))).toEqual([]);
});

test("brokerWarnings() says of npm's broker what it says of git's", () => {
  const config = parseConfig(
    `plugin: npm
credentials:
  registry.example.org: { file: /run/secrets/a }
  gone.example.com: { file: /run/secrets/c }
broker:
  registries:
    default: http://registry.example.org/
  publish: ["*", "@acme/*"]
`,
    "npm.yaml",
  );
  expect(brokerWarnings(config).map(({ place, message }) => `${place.line}: ${message}`)).toEqual([
    '8: "*" is every package that the credential may publish',
    '7: The credential for "registry.example.org" travels in the clear: its protocol is http',
    '4: The credential for "gone.example.com" is never used: broker.registries has nothing of that host',
  ]);
});

test.each([
  ["registries: { default: registry.example.org }", "the URL of a registry"],
  ["registries: { default: 'https://me:word@registry.example.org/' }", "looks like a secret"],
  ["registries: { default: 'https://registry.example.org/a/../b' }", "the URL of a registry"],
  ["registries: { default: 'https://registry.example.org/?a' }", "the URL of a registry"],
  ["registries: { acme: 'https://registry.example.org/' }", '"default", or a scope such as "@acme"'],
  ["registries: ['https://registry.example.org/']", "a map of scopes and the URLs of their registries"],
  ["publish: ['@Acme/x']", "the name of a package"],
])("broker: { %s } is an error that says what is accepted", (line, accepted) => {
  expect(() => parseConfig(`plugin: npm\nbroker: { ${line} }\n`, "npm.yaml")).toThrow(accepted);
});
