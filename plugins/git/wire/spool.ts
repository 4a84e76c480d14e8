import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Budget } from "../../../src/broker/plugin.ts";
import type { Reader } from "./reader.ts";

/** Each may be as large as `broker.limits` lets a push be. */
const spools = new Budget(4, "other pushes are being looked at");

/** A pack on disk, for as long as it takes to look at it and to send it on. */
export class Spool implements AsyncDisposable {
  readonly file: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.file = join(folder, "pack");
  }

  /** All that is still to come. How much that may be, the reader knows. */
  static async fill(first: Uint8Array, reader: Reader): Promise<Spool> {
    spools.take(1);
    const folder = await mkdtemp(join(tmpdir(), "git-push-")).catch((error: unknown) => {
      spools.giveBack(1);
      throw error;
    });
    const spool = new Spool(folder);
    try {
      const writer = Bun.file(spool.file).writer();
      for (let chunk: Uint8Array | undefined = first; chunk !== undefined; chunk = (await reader.read()).value) {
        // What is written is on disk before more is read.
        void writer.write(chunk);
        await writer.flush();
      }
      await writer.end();
      return spool;
    } catch (error) {
      await spool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What was filled in, from its beginning. */
  reader(): Reader {
    return Bun.file(this.file).stream().getReader();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    spools.giveBack(1);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
