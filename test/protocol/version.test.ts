import { expect, test } from "bun:test";
import { version } from "../../package.json";
import { VERSION } from "../../src/protocol/version.ts";

test("VERSION is that of package.json", () => {
  expect(VERSION).toBe(version);
});
