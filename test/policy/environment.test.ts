import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { DEFAULT_PASS, toolEnvironment } from "../../src/policy/environment.ts";
import { parseConfig } from "../../src/policy/load.ts";

const OWN = { PATH: "/usr/bin", HOME: "/home/plugin", SECRET: "x", LANG: "plugin" };

describe("toolEnvironment", () => {
  test.each([
    { name: "keeps PATH and HOME of the plugin and nothing else of it", env: {}, offered: [], result: {} },
    {
      name: "passes the default names and patterns, and no others",
      env: {},
      offered: ["LANG=C", "LC_ALL=de", "LC_=x", "GIT_AUTHOR_NAME=a", "GIT_SSH=evil", "LD_PRELOAD=/x", "LANGUAGE=q"],
      result: { LANG: "C", LC_ALL: "de", LC_: "x", GIT_AUTHOR_NAME: "a" },
    },
    { name: "does not take PATH and HOME from the client", env: {}, offered: ["PATH=/evil", "HOME=/evil"], result: {} },
    {
      name: "does not take PATH by a pattern",
      env: { pass: ["P*", "?OME", "**"] },
      offered: ["PATH=/evil", "HOME=/evil", "PS1=$"],
      result: { PS1: "$" },
    },
    {
      name: "takes PATH by its name",
      env: { pass: ["PATH"] },
      offered: ["PATH=/client", "HOME=/client"],
      result: { PATH: "/client" },
    },
    {
      name: "takes everything by a star",
      env: { pass: ["*"] },
      offered: ["PATH=/client", "HOME=/client", "A=1"],
      result: { PATH: "/client", HOME: "/client", A: "1" },
    },
    {
      name: "lets what is set win over what is offered and over the plugin's own",
      env: { pass: ["A"], set: { A: "fixed", HOME: "/fixed", EMPTY: "" } },
      offered: ["A=client"],
      result: { A: "fixed", HOME: "/fixed", EMPTY: "" },
    },
    { name: "takes the first of two values", env: { pass: ["A"] }, offered: ["A=1", "A=2"], result: { A: "1" } },
    { name: "keeps an empty value", env: { pass: ["A"] }, offered: ["A="], result: { A: "" } },
    { name: "drops an empty name and NUL", env: { pass: ["*"] }, offered: ["=x", "A\0=x", "B=x\0y"], result: {} },
  ])("$name", ({ env, offered, result }) => {
    const config = parseConfig(JSON.stringify({ plugin: "git", env }), "git.yaml");
    const pairs = offered.map((entry): [string, string] => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    });
    expect(toolEnvironment(config, pairs, OWN)).toEqual({ PATH: OWN.PATH, HOME: OWN.HOME, ...result });
  });

  test("drops a name with an equals sign", () => {
    const config = parseConfig('plugin: git\nenv: { pass: ["*"] }', "git.yaml");
    expect(toolEnvironment(config, [["A=B", "c"]], {})).toEqual({});
  });

  test("treats __proto__ as a name like any other", () => {
    const config = parseConfig('plugin: git\nenv: { pass: ["*"] }', "git.yaml");
    const environment = toolEnvironment(config, [["__proto__", "x"]], {});
    expect(Object.keys(environment)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(environment)).toBe(Object.prototype);
  });

  test("never lets a name through that the config does not list", () => {
    const config = parseConfig("plugin: git", "git.yaml");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (offered) => {
        for (const name of Object.keys(toolEnvironment(config, offered, {}))) {
          expect(DEFAULT_PASS.includes(name) || name.startsWith("LC_")).toBe(true);
        }
      }),
    );
  });
});
