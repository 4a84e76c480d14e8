import { describe, expect, test } from "bun:test";

import { parseConfig, type ConfigError } from "../../src/policy/load.ts";
import { looksLikeSecret } from "../../src/policy/secret.ts";

const GITHUB_TOKEN = `ghp_${"x1Y2".repeat(9)}`;

/** The messages of everything that is wrong. */
function errorsOf(text: string): string[] {
  try {
    parseConfig(text, "git.yaml");
    return [];
  } catch (error) {
    return (error as ConfigError).issues.map(({ message }) => message);
  }
}

test("parseConfig reads references to secrets", () => {
  const { credentials } = parseConfig(
    `plugin: git
credentials:
  github.com: { file: /run/secrets/github_token }
  git.example.com:8443: { env: GIT_TOKEN, username: oauth2 }
  gitlab.example.com: { command: [/usr/bin/mint, --repo, a], cache: 50m }
`,
    "git.yaml",
  );
  expect([...credentials]).toEqual([
    ["github.com", { source: { kind: "file", path: "/run/secrets/github_token" }, username: undefined }],
    ["git.example.com:8443", { source: { kind: "env", name: "GIT_TOKEN" }, username: "oauth2" }],
    [
      "gitlab.example.com",
      {
        source: { kind: "command", command: ["/usr/bin/mint", "--repo", "a"], cacheMs: 3_000_000 },
        username: undefined,
      },
    ],
  ]);
});

describe("a secret in a config is refused, is told where to go, and is not repeated", () => {
  test.each([
    { name: "in place of a reference", text: `credentials: { github.com: ${GITHUB_TOKEN} }` },
    { name: "of no known kind, in place of a reference", text: "credentials: { github.com: s3cret-s3cret }" },
    { name: "as a token", text: "credentials: { github.com: { token: s3cret-s3cret } }" },
    { name: "beside a reference", text: "credentials: { github.com: { file: /a, password: s3cret-s3cret } }" },
    { name: "as a file", text: "credentials: { github.com: { file: s3cret-s3cret } }" },
    { name: "as a variable", text: `credentials: { github.com: { env: ${GITHUB_TOKEN} } }` },
    { name: "as a variable, of no known kind", text: "credentials: { github.com: { env: s3cret-s3cret } }" },
    { name: "in a list", text: "credentials: { github.com: [s3cret-s3cret] }" },
    { name: "in the environment", text: `env: { set: { GITHUB_TOKEN: ${GITHUB_TOKEN} } }` },
    { name: "in a command", text: `credentials: { github.com: { command: [/bin/echo, ${GITHUB_TOKEN}] } }` },
    { name: "in an address", text: "roots: ['https://me:s3cret-s3cret@github.com/a']" },
    { name: "as a key", text: `${GITHUB_TOKEN}: 1` },
    { name: "as a name of a host", text: `credentials: { "${GITHUB_TOKEN}": { file: /a } }` },
    { name: "as an unknown value elsewhere", text: `stdio: ${GITHUB_TOKEN}` },
  ])("$name", ({ text }) => {
    const errors = errorsOf(`plugin: git\n${text}\n`);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("write file: /run/secrets/github_token");
    expect(errors.join("\n")).not.toMatch(/s3cret|ghp_/);
  });
});

test.each([
  ["credentials: { github.com: {} }", "found none of them"],
  ["credentials: { github.com: { file: /a, env: B } }", "found more than one of them"],
  ["credentials: { github.com: { file: /a, cache: 5m } }", "stands beside command"],
  ["credentials: { github.com: { command: mint } }", "a list: the absolute path of a program"],
  ["credentials: { github.com: { command: [mint] } }", "a list: the absolute path of a program"],
  ["credentials: { github.com: { file: /a, username: 'a:b' } }", "without blanks and colons"],
  ["credentials: { GitHub.com: { file: /a } }", "the name of a host in small letters"],
  ["credentials: { 'https://github.com': { file: /a } }", "the name of a host in small letters"],
  ["broker: { allowed_repos: ['*/acme/*'] }", "a host and a path"],
  ["broker: { allowed_repos: [acme] }", "a host and a path"],
  ["broker: { allowed_repos: ['github.com/../x y'] }", "a host and a path"],
  ["broker: { update_branches: mine }", '"any" or "own" or "none"'],
  ["broker: { hosts: { github.com: { ca_flie: /a } } }", "the keys protocol and ca_file only"],
  ["broker: { hosts: { github.com: { protocol: ftp } } }", '"https" or "http"'],
  ["broker: { verify_fast_forward: 1 }", "true or false"],
  ["broker: { limits: { timeout: none } }", "a duration such as"],
])("`%s` is refused", (text, says) => {
  expect(errorsOf(`plugin: git\n${text}\n`).join("\n")).toContain(says);
});

test.each([
  [`github_pat_${"A1".repeat(20)}`, true],
  [`glpat-${"a1".repeat(12)}`, true],
  [`npm_${"a1".repeat(18)}`, true],
  ["Bearer abcdefgh1234", true],
  ["-----BEGIN OPENSSH PRIVATE KEY-----", true],
  ["https://user:pw@host/", true],
  ["https://github.com/a/b", false],
  ["push", false],
  ["npm_config_registry", false],
  ["secrets/github_token", false],
  ["git@github.com:acme/thing.git", false],
])("looksLikeSecret(%j) is %p", (text, isSecret) => {
  expect(looksLikeSecret(text)).toBe(isSecret);
});
