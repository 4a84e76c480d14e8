import { createInterface } from "node:readline";

import type { Board } from "./board.ts";
import { endingOf, objectionOf, type Question, type Verdict } from "./question.ts";
import { questionText } from "./sentence.ts";
import { visible } from "./visible.ts";

/** Without a number an answer is for the one question that is there, if it has been there for as long as it takes to read. */
const READ_MS = 1000;

interface Shown {
  readonly question: Question;
  readonly number: number;
  readonly shownMs: number;
}

/** Shows questions as they come, and takes answers, line by line, until its input ends. */
export class TerminalView {
  readonly #board: Board;
  readonly #by: string;
  readonly #print: (line: string) => void;
  readonly #shown = new Map<string, Shown>();
  readonly #open = new Map<number, Shown>();
  readonly #warned = new Set<string>();
  #count = 0;

  constructor(board: Board, by: string, print: (line: string) => void) {
    this.#board = board;
    this.#by = by;
    this.#print = print;
  }

  async run(input: NodeJS.ReadableStream): Promise<void> {
    const over = new AbortController();
    const lines = createInterface({ input, terminal: false });
    lines.on("line", (line) => void this.#take(line).catch((error: Error) => this.#print(visible(error.message))));
    lines.on("close", () => over.abort());
    this.#print("Waiting for questions; y approves once, s for this session, n WORD denies, Ctrl-C ends");
    while (!over.signal.aborted) {
      const { sequence } = this.#board.state();
      this.#update();
      await this.#board.changesAfter(sequence, over.signal);
    }
  }

  #update(): void {
    const { questions, settled, unguarded } = this.#board.state();
    for (const tool of unguarded.filter((candidate) => !this.#warned.has(candidate))) {
      this.#warned.add(tool);
      this.#print(`Nothing keeps ${tool} from answering for itself here: see README.md, "Ask a person"`);
    }
    const waiting = new Set(questions.map(({ id }) => id));
    for (const [number, { question }] of this.#open) {
      if (!waiting.has(question.id)) {
        this.#open.delete(number);
        const ending = settled.find(({ id }) => id === question.id);
        this.#print(`[${number}] ${visible(ending === undefined ? "is gone" : endingOf(ending))}`);
      }
    }
    for (const question of questions.filter(({ id }) => !this.#shown.has(id))) {
      const shown = { question, number: ++this.#count, shownMs: performance.now() };
      this.#shown.set(question.id, shown);
      this.#open.set(shown.number, shown);
      this.#print(`\n${questionText(question, shown.number)}`);
    }
  }

  async #take(line: string): Promise<void> {
    const [, letter = "", number, word = ""] = /^\s*([ysn])(?:\s+(\d+)(?=\s|$))?\s*(.*?)\s*$/i.exec(line) ?? [];
    const verdict = VERDICTS[letter.toLowerCase()];
    if (line.trim() === "") {
      return;
    }
    if (verdict === undefined || (verdict !== "deny" && word !== "")) {
      this.#print("Write y, s or n WORD, with the number of the question behind the letter if there are several");
      return;
    }
    const shown = number === undefined ? this.#onlyOne() : this.#open.get(Number(number));
    if (typeof shown === "string" || shown === undefined) {
      this.#print(shown ?? `There is no question ${number}`);
      return;
    }
    const objection = objectionOf(await this.#board.answer(shown.question.id, { verdict, by: this.#by, word }));
    if (objection !== undefined) {
      this.#print(`[${shown.number}] ${visible(objection)}`);
    }
  }

  /** A question that has just come was not what the person had read. */
  #onlyOne(): Shown | string {
    const [only, ...others] = this.#open.values();
    if (only === undefined) {
      return "Nothing waits";
    }
    if (others.length > 0) {
      return `Which one? ${[...this.#open.keys()].map((number) => `y ${number}`).join(" or ")}`;
    }
    return performance.now() - only.shownMs < READ_MS
      ? `Question ${only.number} has only just come: read it, and answer again`
      : only;
  }
}

const VERDICTS: Readonly<Record<string, Verdict>> = { y: "once", s: "session", n: "deny" };
