import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";

import { readProxyHead } from "../../src/broker/proxy-head.ts";

const read = (text: string): ReturnType<typeof readProxyHead> => readProxyHead(Buffer.from(text, "latin1"));
const kindOf = (text: string): string => read(text).kind;

describe("readProxyHead()", () => {
  test.each([
    ["CONNECT github.com:443 HTTP/1.1\r\nHost: github.com:443\r\n\r\n", "github.com", ""],
    ["CONNECT GitHub.com:443 HTTP/1.0\r\n\r\n", "github.com", ""],
    ["CONNECT git.local:8443 HTTP/1.1\r\n\r\n\x16\x03\x01", "git.local:8443", "\x16\x03\x01"],
    ["CONNECT git.local.ssh:2222 HTTP/1.1\r\n\r\n\r\n\r\n", "git.local.ssh:2222", "\r\n\r\n"],
    ["CONNECT 127.0.0.1:80 HTTP/1.1\r\n\r\n", "127.0.0.1:80", ""],
  ])("finds the host of %j, and what follows", (text, host, rest) => {
    expect(read(text)).toEqual({ kind: "connect", host, rest: Buffer.from(rest, "latin1") });
  });

  test.each([
    "CONNECT  HTTP/1.1\r\n\r\n",
    "CONNECT github.com HTTP/1.1\r\n\r\n",
    "CONNECT github.com: HTTP/1.1\r\n\r\n",
    "CONNECT github.com:443\r\n\r\n",
    "CONNECT github.com:443 HTTP/2\r\n\r\n",
    "CONNECT github.com:443 HTTP/1.1 \r\n\r\n",
    "CONNECT  github.com:443 HTTP/1.1\r\n\r\n",
    "CONNECT a@github.com:443 HTTP/1.1\r\n\r\n",
    "CONNECT github..com:443 HTTP/1.1\r\n\r\n",
    "CONNECT /etc/passwd:443 HTTP/1.1\r\n\r\n",
    "CONNECT a\nDNS:b:443 HTTP/1.1\r\n\r\n",
    "CONNECT a,DNS:b:443 HTTP/1.1\r\n\r\n",
    "CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
    "CONNECT http://github.com:443 HTTP/1.1\r\n\r\n",
    "CONNECT \r\n\r\n",
  ])("refuses %j", (text) => {
    expect(kindOf(text)).toBe("invalid");
  });

  test.each([
    "GET http://github.com/ HTTP/1.1\r\n\r\n",
    "POST",
    "COPY",
    "connect github.com:443 HTTP/1.1\r\n\r\n",
    "CONNECTED",
    "\x16\x03\x01",
    "\r\nCONNECT a:443 HTTP/1.1\r\n\r\n",
  ])("passes on %j", (text) => {
    expect(kindOf(text)).toBe("plain");
  });

  test.each(["", "C", "CONNECT", "CONNECT github.com:443 HTTP/1.1\r\n", "CONNECT github.com:443 HTTP/1.1\r\n\r"])(
    "wants more than %j",
    (text) => {
      expect(kindOf(text)).toBe("more");
    },
  );

  test("takes 8 KiB and no more", () => {
    const line = "CONNECT github.com:443 HTTP/1.1\r\nX: ";
    const sized = (bytes: number): string => `${line}${"x".repeat(bytes - line.length - 4)}\r\n\r\n`;
    expect(kindOf(sized(8192))).toBe("connect");
    expect(kindOf(sized(8193))).toBe("invalid");
    expect(kindOf(line + "x".repeat(8191 - line.length))).toBe("more");
    expect(kindOf(line + "x".repeat(8192 - line.length))).toBe("invalid");
  });

  test("says the same however the bytes are split, and never throws", () => {
    const part = fc.constantFrom("CONNECT ", "github.com", ":443", " HTTP/1.1", "\r\n", "\r\n\r\n", "GET ", "x", "\0");
    const text = fc.array(fc.oneof(part, fc.string({ unit: "binary-ascii", maxLength: 3 })), { maxLength: 9 });
    fc.assert(
      fc.property(text, (parts) => {
        const bytes = Buffer.from(parts.join(""), "latin1");
        const whole = readProxyHead(bytes);
        let last: ReturnType<typeof readProxyHead> = { kind: "more" };
        for (let length = 0; length <= bytes.length && last.kind === "more"; length++) {
          last = readProxyHead(bytes.subarray(0, length));
        }
        expect(last.kind).toBe(whole.kind);
        if (last.kind === "connect" && whole.kind === "connect") {
          expect(last.host).toBe(whole.host);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
