import type { Question } from "./question.ts";
import { visible, visibleLines, visibleWord } from "./visible.ts";

/** A question as text for a terminal; `number` is what the person calls it by. */
export function questionText(question: Question, number: number): string {
  const { line, ascii, cwd, env, rule, place, reason, preview, untilMs } = question;
  const because = reason === null ? "" : `: ${reason}`;
  const rows: [string, string][] = [
    ...(ascii === null ? [] : [["in ASCII", ascii] as [string, string]]),
    ["folder", cwd],
    ...Object.entries(env).map(([name, value]): [string, string] => ["with", `${name}=${value}`]),
    ["rule", `${rule}${place === null ? "" : ` (${place})`}${because}`],
    ["until", `${clock(untilMs)}, then it is denied`],
  ];
  return [
    `[${number}] ${visible(line)}`,
    ...rows.map(([name, value]) => `    ${name.padEnd(9)} ${visibleWord(value)}`),
    ...(preview === null ? [] : visibleLines(preview).map((text) => `    | ${text}`)),
    `    y ${number} approve once, s ${number} approve for this session, n ${number} WORD deny`,
  ].join("\n");
}

function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
