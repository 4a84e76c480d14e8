import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from "yaml";

import type { ConfigIssue } from "./config-error.ts";
import type { Place } from "./config.ts";
import { escapeControl, quote } from "./printable.ts";

/** A YAML text as plain values, with the place of everything in it. */
export interface Source {
  readonly value: unknown;
  /** Whatever makes it bad YAML, or YAML of a kind that configs do not use (aliases, duplicate keys). */
  readonly issues: readonly ConfigIssue[];
  /** First syntax error. What stands behind it was guessed by the parser and deserves no further complaint. */
  readonly brokenAt: Place | undefined;
  /** Every map, by its path, with its keys in the order of the file. */
  readonly maps: readonly SourceMap[];
  /** Where a key (or list item) and its value begin, by dotted path: `rules.blocked_commands.0`. */
  readonly keyPlaces: ReadonlyMap<string, Place>;
  readonly valuePlaces: ReadonlyMap<string, Place>;
}

/** One map of the source. */
export interface SourceMap {
  readonly path: readonly string[];
  readonly keys: readonly { readonly name: string; readonly place: Place }[];
}

/** Reads YAML text without judging its content. Never throws: trouble is in `issues`. */
export function readSource(text: string, file: string): Source {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    // Found by the walk below instead, which can name the first one too.
    uniqueKeys: false,
    schema: "core",
    logLevel: "error",
  });
  const walk = new Walk(file, lineCounter);
  const brokenAt = walk.addSyntaxIssues(document);
  const value = walk.read(document.contents, []);
  const { issues, maps, keyPlaces, valuePlaces } = walk;
  return { value, issues, brokenAt, maps, keyPlaces, valuePlaces };
}

// The deepest config has four levels; the rest of this bound is room, and keeps recursion small.
const MAX_DEPTH = 16;

class Walk {
  readonly issues: ConfigIssue[] = [];
  readonly maps: SourceMap[] = [];
  readonly keyPlaces = new Map<string, Place>();
  readonly valuePlaces = new Map<string, Place>();
  readonly #file: string;
  readonly #lineCounter: LineCounter;

  constructor(file: string, lineCounter: LineCounter) {
    this.#file = file;
    this.#lineCounter = lineCounter;
  }

  addSyntaxIssues(document: Document.Parsed): Place | undefined {
    const tooDeep = document.errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
    // A parser that ran out of stack reports the same thing thousands of times.
    const errors = tooDeep === undefined ? [...document.errors, ...document.warnings] : [tooDeep];
    let first: Place | undefined;
    for (const error of errors) {
      const place = this.#place(error.pos[0]);
      const message = error === tooDeep ? TOO_DEEP : escapeControl(MESSAGES[error.code] ?? error.message);
      this.issues.push({ place, message: `Cannot read this YAML: ${message}` });
      if (first === undefined || isBefore(place, first)) {
        first = place;
      }
    }
    return first;
  }

  read(node: Node | null, path: readonly string[]): unknown {
    if (node === null) {
      return null;
    }
    const place = this.#place(node.range?.[0] ?? 0);
    this.valuePlaces.set(path.join("."), place);
    if (path.length > MAX_DEPTH) {
      this.issues.push({ place, message: `Cannot read this YAML: ${TOO_DEEP}` });
      return undefined;
    }
    if (isMap<Node, Node | null>(node)) {
      return this.#readMap(node.items, path);
    }
    if (isSeq<Node>(node)) {
      return node.items.map((item, index) => {
        const itemPath = [...path, String(index)];
        this.keyPlaces.set(itemPath.join("."), this.#place(item.range?.[0] ?? 0));
        return this.read(item, itemPath);
      });
    }
    if (isScalar(node) && isPlain(node.value)) {
      return node.value;
    }
    const what = isAlias(node) ? `the alias ${quote(`*${node.source}`)}` : "a value with a tag";
    this.issues.push({
      place,
      message: `Cannot use ${what} here: configs have plain values only; write the value out`,
    });
    return undefined;
  }

  #readMap(items: readonly { readonly key: Node; readonly value: Node | null }[], path: readonly string[]): unknown {
    const keys = new Map<string, Place>();
    const entries: [string, unknown][] = [];
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : "";
      const place = this.#place(key.range?.[0] ?? 0);
      const earlier = keys.get(name);
      if (earlier !== undefined) {
        const message = `The key ${quote(name)} appears twice in this map, first on line ${earlier.line}; keep one of them`;
        this.issues.push({ place, message });
        continue;
      }
      keys.set(name, place);
      const valuePath = [...path, name];
      this.keyPlaces.set(valuePath.join("."), place);
      entries.push([name, this.read(value, valuePath)]);
    }
    this.maps.push({ path, keys: [...keys].map(([name, place]) => ({ name, place })) });
    return Object.fromEntries(entries);
  }

  #place(offset: number): Place {
    const { line, col } = this.#lineCounter.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Whether `a` stands before `b` in the same file. */
export function isBefore(a: Place, b: Place): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column);
}

const TOO_DEEP = "maps and lists are nested too deeply";

// What the parser says in a way that only people who know its grammar understand.
const MESSAGES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab is used as indentation; use spaces",
  MULTIPLE_DOCS: "there is a second document (---); a config is one document",
  NON_STRING_KEY: "a list or map is used as a key; keys are plain words",
};

function isPlain(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
