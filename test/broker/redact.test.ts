import { expect, test } from "bun:test";
import * as fc from "fast-check";

import { redact } from "../../src/broker/redact.ts";

const SECRET = "s3cret+/token=value";

test.each([
  SECRET,
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString("base64"),
  Buffer.from(`x-access-token:${SECRET}`).toString("base64"),
  Buffer.from(`me:${SECRET}`).toString("base64url"),
  Buffer.from(`o:${SECRET}`).toString("base64"),
  Buffer.from(SECRET).toString("hex"),
])("redact() finds %s", (form) => {
  const said = redact(`bad credential: ${form}; try again`, [SECRET]);
  expect(said).toContain("[secret]");
  expect(said).toStartWith("bad credential: ");
  expect(said).toEndWith("; try again");
});

test("redact() leaves no secret behind, whatever stands around it", () => {
  const token = fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ019_-")), minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(token, fc.string(), fc.string(), (secret, before, after) => {
      expect(redact(before + secret + after, [secret])).not.toContain(secret);
      const encoded = Buffer.from(before + secret + after).toString("base64");
      const inner = Buffer.from(secret).toString("base64").slice(0, -3).replaceAll("=", "");
      expect(redact(encoded, [secret]).includes(inner) && Buffer.from(before).length % 3 === 0).toBe(false);
    }),
  );
});
