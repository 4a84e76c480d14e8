import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";

import { judgePush, MAX_COMMANDS } from "../../plugins/git/wire/push-rules.ts";
import { FLUSH, MAX_LINE_BYTES, pktLine, WireError } from "../../plugins/git/wire/pkt-line.ts";
import { foldRef, refProblem } from "../../plugins/git/wire/ref-name.ts";
import { MAX_REQUEST_BYTES, UpdateRequestParser } from "../../plugins/git/wire/update-request-parser.ts";
import { encodeUpdateRequest, type UpdateRequest } from "../../plugins/git/wire/update-request.ts";
import { parseConfig } from "../../src/policy/load.ts";

setDefaultTimeout(60_000);

const A = "a".repeat(40);
const B = "b".repeat(40);
const ZERO = "0".repeat(40);
const CAPS = "\0 report-status side-band-64k agent=git/2.39.5";
const text = (line: string): Uint8Array => new TextEncoder().encode(line);
const bytes = (...parts: (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? text(part) : part)));
const command = (ref: string, before = ZERO, after = A): string => `${before} ${after} ${ref}`;

/** The request and what stands behind it; or the sentence of the refusal. */
function read(input: Uint8Array, cuts: readonly number[] = []): { request: UpdateRequest; rest: string } | string {
  const parser = new UpdateRequestParser();
  const ends = [...new Set([...cuts.map((cut) => Math.min(cut, input.length)), input.length])].toSorted(
    (a, b) => a - b,
  );
  let start = 0;
  try {
    for (const end of ends) {
      const request = parser.push(input.subarray(start, end));
      start = end;
      if (request !== undefined) {
        return { request, rest: Buffer.concat([parser.rest, input.subarray(end)]).toString("latin1") };
      }
    }
    return parser.end();
  } catch (error) {
    if (error instanceof WireError) {
      return error.message;
    }
    throw error;
  }
}

describe("UpdateRequestParser reads", () => {
  test("a push as git sends it, and leaves the pack alone", () => {
    const input = bytes(
      pktLine(command("refs/heads/x") + CAPS),
      pktLine(command("refs/heads/y", A, B)),
      FLUSH,
      "PACK…",
    );
    expect(read(input)).toEqual({
      request: {
        shallow: [],
        commands: [
          { before: ZERO, after: A, ref: "refs/heads/x" },
          { before: A, after: B, ref: "refs/heads/y" },
        ],
        capabilities: ["report-status", "side-band-64k", "agent=git/2.39.5"],
        pushOptions: [],
      },
      rest: Buffer.from("PACK…").toString("latin1"),
    });
  });

  test("the trial before a large push, which is a flush alone", () => {
    expect(read(FLUSH)).toMatchObject({ request: { commands: [] }, rest: "" });
  });

  test("shallow lines, push options, a deletion without a pack, and SHA-256", () => {
    const long = "c".repeat(64);
    const input = bytes(
      pktLine(`shallow ${long}\n`),
      pktLine(`${long} ${"0".repeat(64)} refs/heads/x\0push-options object-format=sha256 atomic`),
      FLUSH,
      pktLine("ci.skip\n"),
      FLUSH,
    );
    expect(read(input)).toMatchObject({
      request: { shallow: [long], pushOptions: ["ci.skip"], commands: [{ before: long, ref: "refs/heads/x" }] },
    });
  });

  test("capabilities that it does not know as not there", () => {
    const input = bytes(
      pktLine(`${command("refs/heads/x")}\0 report-status new-thing=1 push-cert=abc delete-refs`),
      FLUSH,
    );
    expect(read(input)).toMatchObject({ request: { capabilities: ["report-status"] } });
  });
});

const first = pktLine(command("refs/heads/x") + CAPS);
const REFUSED: readonly { name: string; input: Uint8Array; says: string }[] = [
  { name: "0001", input: text("0001"), says: "1 bytes" },
  { name: "0002", input: text("0002"), says: "2 bytes" },
  { name: "0003", input: text("0003"), says: "3 bytes" },
  { name: "0004", input: text("0004"), says: "4 bytes" },
  { name: "fff1", input: text("fff1"), says: "65521 bytes" },
  { name: "ffff", input: text("ffff"), says: "65535 bytes" },
  { name: "a length with a sign", input: text("+045aaaa"), says: "four hexadecimal digits" },
  { name: "a length with a blank", input: text(" 045aaaa"), says: "four hexadecimal digits" },
  { name: "a length with 0x", input: text("0x45aaaa"), says: "four hexadecimal digits" },
  { name: "a reserved length behind a command", input: bytes(first, "0001"), says: "1 bytes" },
  { name: "an end in a length", input: text("00"), says: "ends before" },
  { name: "an end in a line", input: first.subarray(0, 30), says: "ends before" },
  { name: "an end before the flush", input: first, says: "ends before" },
  { name: "nothing", input: text(""), says: "ends before" },
  {
    name: "an end before the flush of the options",
    input: bytes(pktLine(`${command("refs/heads/x")}\0push-options`), FLUSH, pktLine("a")),
    says: "ends before",
  },
  {
    name: "capitals in an id",
    input: bytes(pktLine(`${ZERO} ${"A".repeat(40)} refs/heads/x${CAPS}`)),
    says: "OLD NEW REF",
  },
  { name: "a short id", input: bytes(pktLine(`${ZERO} ${"a".repeat(39)} refs/heads/x${CAPS}`)), says: "OLD NEW REF" },
  { name: "two blanks", input: bytes(pktLine(`${ZERO}  ${A} refs/heads/x${CAPS}`)), says: "OLD NEW REF" },
  { name: "a tab", input: bytes(pktLine(`${ZERO}\t${A} refs/heads/x${CAPS}`)), says: "OLD NEW REF" },
  { name: "no ref", input: bytes(pktLine(`${ZERO} ${A} ${CAPS}`)), says: "OLD NEW REF" },
  { name: "both ids zero", input: bytes(pktLine(`${ZERO} ${ZERO} refs/heads/x${CAPS}`)), says: "OLD NEW REF" },
  {
    name: "ids of different lengths in a command",
    input: bytes(pktLine(`${ZERO} ${"a".repeat(64)} refs/heads/x${CAPS}`), FLUSH),
    says: "different lengths",
  },
  {
    name: "ids of different lengths in two commands",
    input: bytes(first, pktLine(`${"0".repeat(64)} ${"a".repeat(64)} refs/heads/y`), FLUSH),
    says: "different lengths",
  },
  {
    name: "a format that contradicts the ids",
    input: bytes(pktLine(`${command("refs/heads/x")}\0object-format=sha256`), FLUSH),
    says: "object format",
  },
  {
    name: "late capabilities",
    input: bytes(first, pktLine(command("refs/heads/y") + CAPS), FLUSH),
    says: "later command",
  },
  {
    name: "a late NUL alone",
    input: bytes(first, pktLine(`${command("refs/heads/y")}\0`), FLUSH),
    says: "later command",
  },
  { name: "no capabilities", input: bytes(pktLine(command("refs/heads/x")), FLUSH), says: "no capabilities" },
  {
    name: "a second NUL among the capabilities",
    input: bytes(pktLine(`${command("refs/heads/x")}\0report-status\0 ${command("refs/heads/main")}`), FLUSH),
    says: "not text",
  },
  {
    name: "a signed push",
    input: bytes(pktLine(`push-cert${CAPS}`), pktLine("certificate version 0.1\n")),
    says: "signed",
  },
  { name: "a signed push later", input: bytes(first, pktLine("push-cert\0")), says: "signed" },
  { name: "a shallow line behind a command", input: bytes(first, pktLine(`shallow ${A}`)), says: "OLD NEW REF" },
  { name: "a shallow line without an id", input: bytes(pktLine("shallow x")), says: "shallow line" },
  { name: "shallow lines alone", input: bytes(pktLine(`shallow ${A}`), FLUSH), says: "no commands" },
  {
    name: "a ref that is not UTF-8",
    input: bytes(pktLine(bytes(`${ZERO} ${A} refs/heads/`, Uint8Array.of(0xff), CAPS))),
    says: "UTF-8",
  },
  {
    name: "a control character in a push option",
    input: bytes(pktLine(`${command("refs/heads/x")}\0push-options`), FLUSH, pktLine("a\u001bb"), FLUSH),
    says: "push option",
  },
  {
    name: "too much before the pack",
    input: bytes(...Array.from({ length: 1300 }, () => pktLine(`shallow ${A}`)), first, FLUSH),
    says: "more than 64 KiB",
  },
  { name: "a line that would be too much", input: bytes(first, "fff0", "x".repeat(65_515)), says: "more than 64 KiB" },
];

describe("UpdateRequestParser refuses", () => {
  test.each([...REFUSED])("$name", ({ input, says }) => {
    expect(read(input)).toContain(says);
  });

  test.each([...REFUSED])("$name, also when it comes byte by byte", ({ input }) => {
    expect(
      read(
        input,
        Array.from({ length: input.length }, (_, index) => index),
      ),
    ).toBeString();
  });

  test("no line of exactly the limit", () => {
    const start = `${command("refs/heads/x")}\0atomic `;
    const line = (length: number): Uint8Array => pktLine(start.padEnd(length - 4, "x"));
    expect(read(bytes(line(MAX_LINE_BYTES), FLUSH))).toMatchObject({ request: { capabilities: ["atomic"] } });
    expect(read(bytes(line(MAX_LINE_BYTES + 1), FLUSH))).toContain("65521 bytes");
  });

  test("no request of exactly the limit", () => {
    const head = bytes(pktLine(`${command("refs/heads/x")}\0push-options`), FLUSH);
    const option = MAX_REQUEST_BYTES - head.length - 4 - 4;
    expect(read(bytes(head, pktLine("o".repeat(option)), FLUSH))).not.toBeString();
    expect(read(bytes(head, pktLine("o".repeat(option + 1)), FLUSH))).toContain("64 KiB");
  });
});

test("judgePush() lets 200 commands of a push pass, and none of 201", () => {
  const verdicts = (count: number): string[] => {
    const commands = Array.from({ length: count }, (_, n) => ({ before: ZERO, after: A, ref: `refs/heads/${n}` }));
    const judged = judgePush(STRICT, { shallow: [], commands, capabilities: [], pushOptions: [] });
    return [...new Set(judged.map((verdict) => (verdict.kind === "refuse" ? verdict.reason : verdict.kind)))];
  };
  expect(verdicts(MAX_COMMANDS)).toEqual(["pass"]);
  expect(verdicts(MAX_COMMANDS + 1)).toEqual([
    "this push has 201 refs, and at most 200 pass at once; push fewer at a time",
  ]);
});

/** Bytes that look like a push, with faults of all kinds. */
const almostPush = fc
  .array(
    fc.oneof(
      fc.constantFrom(first, FLUSH, text("0001"), pktLine(`shallow ${A}`), pktLine(`push-cert${CAPS}`)),
      fc
        .tuple(
          fc.constantFrom("", "\0", CAPS, "\0push-options"),
          fc.oneof(fc.constantFrom("refs/heads/main", "refs/heads/agent/x", "refs/tags/v1", "HEAD"), fc.string()),
        )
        .map(([caps, ref]) => pktLine(command(ref) + caps)),
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((payload) => pktLine(payload)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => bytes(...parts));

/** A push as git writes it, of some refs, with at most one fault in it. */
const likelyPush = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.constantFrom(
          "refs/heads/a",
          "refs/heads/agent/x",
          "refs/heads/b",
          "refs/heads/MAIN",
          "refs/tags/v1",
          "HEAD",
        ),
        fc.constantFrom("", "", "", "\0", "\n", " refs/heads/main"),
      ),
      { minLength: 1, maxLength: 4 },
    ),
    fc.nat(5),
    fc.constantFrom(new Uint8Array(0), new Uint8Array(0), text("0001"), FLUSH, pktLine(command("refs/heads/main"))),
  )
  .map(([refs, place, fault]) => {
    const lines = refs.map(([ref, more], index) => pktLine(command(ref + (index === 0 ? CAPS : more), A, B)));
    return bytes(...[...lines, FLUSH, text("PACK")].toSpliced(place, 0, fault));
  });

const STRICT = parseConfig(
  "plugin: git\nrules: { blocked_branches: [main, 'release/*'] }\nbroker: { update_branches: any, delete_branches: any }\n",
  "git.yaml",
);

describe("whatever arrives", () => {
  test("the parser answers with a request or its own error, and nothing else", () => {
    fc.assert(
      fc.property(fc.oneof(almostPush, fc.uint8Array({ maxLength: 300 })), (input) => {
        read(input);
      }),
      { numRuns: 2000 },
    );
  });

  test("how it is split decides nothing", () => {
    fc.assert(
      fc.property(almostPush, fc.array(fc.nat(600), { maxLength: 30 }), (input, cuts) => {
        expect(read(input, cuts)).toEqual(read(input));
      }),
      { numRuns: 2000 },
    );
  });

  test("what is written anew reads back as the same request, with nothing behind it", () => {
    fc.assert(
      fc.property(almostPush, (input) => {
        const once = read(input);
        if (typeof once !== "string" && once.request.commands.length > 0) {
          expect(read(encodeUpdateRequest(once.request))).toEqual({ request: once.request, rest: "" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("what goes upstream has no command that the rules refuse, wherever in the request it stood", () => {
    let sent = 0;
    fc.assert(
      fc.property(fc.oneof(almostPush, likelyPush), fc.array(fc.nat(600), { maxLength: 5 }), (input, cuts) => {
        const once = read(input, cuts);
        if (typeof once === "string" || judgePush(STRICT, once.request).some(({ kind }) => kind !== "pass")) {
          return;
        }
        // Not read with the parser: as another program might.
        const upstream = Buffer.from(encodeUpdateRequest(once.request)).toString("latin1");
        sent += once.request.commands.length;
        expect(upstream).not.toMatch(/refs\/heads\/(?:main|release\/)|refs\/tags\/|\bHEAD\b|push-cert/i);
        expect(upstream.match(/[0-9a-f]{40} [0-9a-f]{40} (?!refs\/heads\/)/)).toBeNull();
      }),
      { numRuns: 3000 },
    );
    expect(sent).toBeGreaterThan(100);
  });

  test("no ref passes that the rules refuse, however it is written", () => {
    const main = fc
      .constantFrom("main", "release/1")
      .chain((name) =>
        fc.tuple(
          ...Array.from(name, (letter) => fc.constantFrom(letter, letter.toUpperCase(), letter.normalize("NFD"))),
        ),
      )
      .map((letters) => letters.join(""));
    const spice = fc.constantFrom(
      "",
      "/",
      "//",
      "./",
      "../",
      "\u200b",
      "\u200c",
      "\ufeff",
      " ",
      "\n",
      "\0",
      "@{0}",
      "^{}",
      "~1",
    );
    fc.assert(
      fc.property(
        fc.constantFrom("refs/heads/", "refs//heads/", "Refs/heads/", "heads/", ""),
        spice,
        main,
        spice,
        (head, before, name, after) => {
          const ref = `${head}${before}${name}${after}`;
          const [verdict] = judgePush(STRICT, {
            shallow: [],
            commands: [{ before: A, after: B, ref }],
            capabilities: [],
            pushOptions: [],
          });
          expect(verdict?.kind).toBe("refuse");
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("a ref that passes is one that git's own check takes", async () => {
    const names = fc.sample(fc.string({ unit: "binary", maxLength: 12 }), 150).map((name) => `refs/heads/${name}`);
    for (const name of names.filter((ref) => refProblem(ref) === undefined && !ref.includes("\0"))) {
      const child = Bun.spawn(["git", "check-ref-format", name], { stdio: ["ignore", "ignore", "ignore"] });
      expect([name, await child.exited]).toEqual([name, 0]);
    }
  });
});

test.each([
  "refs/heads/a..b",
  "refs/heads/.a",
  "refs/heads/a/.b",
  "refs/heads/a.lock",
  "refs/heads/a.LOCK/b",
  "refs/heads/a.",
  "refs/heads/a/",
  "refs/heads//a",
  "refs/heads/@",
  "refs/heads/a@{1}",
  "refs/heads/a b",
  "refs/heads/a:b",
  "refs/heads/a*",
  "refs/heads/a\\b",
  "refs/heads/a\u007f",
  "refs/heads/ma\u200cin",
  "refs/heads/\u202eniam",
  "refs/heads/HEAD",
  "refs/heads/-x",
  "refs/heads/refs/heads/main",
  "refs/heads/",
  "refs/heads",
  "refs/for/main",
  "refs/pull/1/head",
  "refs/merge-requests/1/head",
  "refs/replace/aaaa",
  "refs/notes/commits",
  "refs/changes/01/1/1",
  "refs/keep-around/a",
  "refs/internal/x",
  "HEAD",
  "main",
  "refs/heads/../heads/main",
  "refs/heads/\u0000main",
])("refProblem() refuses %j", (ref) => {
  expect(refProblem(ref)).toBeString();
});

test.each(["refs/heads/main", "refs/heads/agent/größe-1", "refs/heads/日本", "refs/tags/v1.0", "refs/heads/a.b@c"])(
  "refProblem() finds nothing wrong with %j",
  (ref) => {
    expect(refProblem(ref)).toBeUndefined();
  },
);

test("foldRef() makes the same of names that a disk may not tell apart", () => {
  expect(foldRef("refs/heads/MAIN")).toBe("refs/heads/main");
  expect(foldRef("cafe\u0301")).toBe(foldRef("café"));
  expect(foldRef("ｍａｉｎ")).toBe("main");
});
