import type { Question, Receipt, State } from "../../src/runtime/question.ts";
import { SERVER } from "./executables.ts";
import type { PluginProcess } from "./plugin.ts";
import { waitFor } from "./wait-for.ts";

/** Somebody who sees what waits at a plugin, and answers, by way of `plugin-server approvals`. */
export class Approver {
  readonly #plugin: PluginProcess;
  readonly #name: string;

  constructor(plugin: PluginProcess, name = "ana") {
    this.#plugin = plugin;
    this.#name = name;
  }

  async state(): Promise<State> {
    return JSON.parse(await this.#run("list", this.#plugin.approvals, "--json")) as State;
  }

  /** Waits until so many calls wait, and resolves with them. */
  async sees(count = 1): Promise<Question[]> {
    return await waitFor(`${count} calls wait`, async () => {
      const { questions } = await this.state();
      return questions.length === count && [...questions];
    });
  }

  async seesOne(): Promise<Question> {
    const [question] = await this.sees(1);
    if (question === undefined) {
      throw new Error("No question");
    }
    return question;
  }

  async answer(id: string, verdict: string, word = ""): Promise<Receipt> {
    const given = ["--verdict", verdict, "--by", this.#name, ...(word === "" ? [] : ["--word", word])];
    return JSON.parse(await this.#run("answer", this.#plugin.approvals, id, ...given, "--json")) as Receipt;
  }

  async #run(...args: readonly string[]): Promise<string> {
    const child = Bun.spawn([SERVER, "approvals", ...args], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    return await child.stdout.text();
  }
}
