import { formatDuration } from "../policy/duration.ts";
import { VERDICTS, type Question, type Receipt, type State } from "../runtime/question.ts";
import { jsonText, linesText, STATUS, type Report } from "./report.ts";

/** What `plugin-server approvals` was asked. */
export interface ApprovalsRequest {
  readonly action: string;
  readonly socket: string;
  readonly id: string | undefined;
  readonly answer: Readonly<Record<"verdict" | "by" | "word", string | undefined>>;
  readonly json: boolean;
}

/**
 * `plugin-server approvals`: the one client of the socket where people answer what rules ask. `print` takes what is
 * there each time that it changes, and the end.
 */
export async function approvals(request: ApprovalsRequest, print: (report: Report) => number): Promise<number> {
  const { action, socket, json } = request;
  const problem = usageProblemOf(request);
  if (problem !== undefined) {
    return print({ status: STATUS.usage, stdout: "", stderr: `plugin-server: ${problem}\n` });
  }
  try {
    if (action === "answer") {
      return print(receiptReport(await post(request), json));
    }
    const show = (state: State): number =>
      print({ status: STATUS.ok, stdout: json ? `${JSON.stringify(state)}\n` : stateText(state), stderr: "" });
    const first = await pending(socket, undefined, undefined);
    return action === "list" ? show(first) : await watch(socket, first, show);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = UNREACHABLE[code ?? ""] ?? message;
    return print({ status: STATUS.no, stdout: "", stderr: `plugin-server: Cannot ask ${socket}: ${reason}\n` });
  }
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  FailedToOpenSocket: "nobody listens there, or this user may not",
  ENOENT: "there is no such socket; the plugin has not been started",
  ECONNREFUSED: "nobody listens; the plugin has ended",
};

function usageProblemOf({ action, id, answer }: ApprovalsRequest): string | undefined {
  if (action !== "list" && action !== "watch" && action !== "answer") {
    return `Cannot ${action}: the actions are list, watch and answer`;
  }
  if (action !== "answer") {
    return id === undefined ? undefined : `${action} takes no id`;
  }
  if (id === undefined || answer.by === undefined || !VERDICTS.some((verdict) => verdict === answer.verdict)) {
    return `An answer needs an id, --by, and --verdict ${VERDICTS.join(", ")}`;
  }
  return undefined;
}

/** Ends with its input, for what `docker exec` has started outlives whoever started it. */
async function watch(socket: string, first: State, show: (state: State) => number): Promise<number> {
  const over = new AbortController();
  process.stdin.on("end", () => over.abort()).resume();
  let state = first;
  let shown: number | undefined;
  while (!over.signal.aborted) {
    if (state.sequence !== shown) {
      show(state);
      shown = state.sequence;
    }
    try {
      state = await pending(socket, shown, over.signal);
    } catch (error) {
      if (over.signal.aborted) {
        break;
      }
      throw error;
    }
  }
  process.stdin.destroy();
  return STATUS.ok;
}

async function pending(socket: string, after: number | undefined, over: AbortSignal | undefined): Promise<State> {
  const query = after === undefined ? "" : `?after=${after}`;
  const response = await fetch(`http://plugin/pending${query}`, { unix: socket, ...(over && { signal: over }) });
  return (await readJson(response)) as State;
}

async function post({ socket, id, answer }: ApprovalsRequest): Promise<Receipt> {
  const body = JSON.stringify({ id, ...answer });
  return (await readJson(await fetch("http://plugin/answer", { method: "POST", unix: socket, body }))) as Receipt;
}

async function readJson(response: Response): Promise<unknown> {
  const read: unknown = await response.json();
  if (!response.ok) {
    const { error } = read as { readonly error?: string };
    throw new Error(error ?? `it answers with the status ${response.status}`);
  }
  return read;
}

function receiptReport(receipt: Receipt, json: boolean): Report {
  const status = receipt.result === "taken" ? STATUS.ok : STATUS.no;
  return { status, stdout: json ? jsonText(receipt) : `${receiptText(receipt)}\n`, stderr: "" };
}

function receiptText(receipt: Receipt): string {
  if (receipt.result === "taken") {
    return "Your answer counts";
  }
  if (receipt.result === "answered") {
    return `${receipt.answer.by} has answered already: ${receipt.answer.verdict}`;
  }
  return receipt.result === "gone"
    ? `Not answered: the question is gone (${receipt.how})`
    : "Not answered: the call, or what it would change, is another now; it is asked again";
}

function stateText({ questions }: State): string {
  return questions.length === 0 ? "Nothing waits\n" : linesText(questions.map(questionText));
}

function questionText({ id, line, cwd, rule, untilMs }: Question): string {
  const left = formatDuration(Math.max(0, Math.round((untilMs - Date.now()) / 1000)) * 1000);
  return `${id}  ${line}  in ${cwd}, rule ${rule}, ${left} left`;
}
