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
