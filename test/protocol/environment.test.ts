import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readEnvironment } from "../../src/protocol/environment.ts";
import { bytes } from "./bytes.ts";

describe("readEnvironment", () => {
  test.each<{ name: string; block: string; variables: [string, string][] }>([
    { name: "nothing", block: "", variables: [] },
    { name: "a variable", block: '"TZ=UTC" 00', variables: [["TZ", "UTC"]] },
    { name: "an empty value", block: '"LANG=" 00', variables: [["LANG", ""]] },
    { name: "a value with = and newline", block: '"A=b=c" 0a "D=e" 00', variables: [["A", "b=c\nD=e"]] },
    { name: "UTF-8", block: '"A=" c3a9 00', variables: [["A", "é"]] },
    { name: "a byte order mark", block: '"A=" efbbbf 00', variables: [["A", "\uFEFF"]] },
    {
      name: "a name that comes twice, twice",
      block: '"A=1" 00 "A=2" 00',
      variables: [
        ["A", "1"],
        ["A", "2"],
      ],
    },
    { name: "all but a value that is not UTF-8", block: '"A=" e9 00 "B=2" 00', variables: [["B", "2"]] },
    { name: "all but a name that is not UTF-8", block: 'e9 "=1" 00 "B=2" 00', variables: [["B", "2"]] },
    { name: "all but an entry without =", block: '"A" 00 00 "B=2" 00', variables: [["B", "2"]] },
    { name: "all but an entry without a name", block: '"=1" 00 "B=2" 00', variables: [["B", "2"]] },
    { name: "all but an entry that does not end", block: '"B=2" 00 "C=3"', variables: [["B", "2"]] },
  ])("readEnvironment gives $name", ({ block, variables }) => {
    expect([...readEnvironment(bytes(block))]).toEqual(variables);
  });

  test("readEnvironment gives back any environment, and never a name with =", () => {
    const name = fc.string({ unit: "binary", minLength: 1 }).map((value) => value.replaceAll(/[\0=]/gu, "_"));
    const value = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (variables) => {
        const block = new TextEncoder().encode(variables.map((pair) => `${pair.join("=")}\0`).join(""));
        expect([...readEnvironment(block)]).toEqual(variables);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (block) => {
        expect([...readEnvironment(block)].every(([found]) => found !== "" && !found.includes("="))).toBe(true);
      }),
    );
  });
});
