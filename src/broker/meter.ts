/** What happens to a stream of bytes on its way. */
export interface MeterOptions {
  readonly maxBytes: number;
  /** Called for each chunk. */
  readonly moved: (bytes: number) => void;
  /** Called once: at the end (`undefined`), or with why there was none. */
  readonly ended: (error: Error | undefined) => void;
}

/** More bytes than allowed: `too_large`. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
  readonly code = "too_large";
}

/** The same stream, counted and bounded. Nothing is read before somebody wants it, and no more than one chunk is kept. */
export function metered(source: ReadableStream<Uint8Array>, options: MeterOptions): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let total = 0;
  let isOver = false;
  const end = (error: Error | undefined): void => {
    if (!isOver) {
      isOver = true;
      options.ended(error);
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (done) {
            end(undefined);
            controller.close();
            return;
          }
          total += value.length;
          if (total > options.maxBytes) {
            throw new TooLarge(`more than ${options.maxBytes} bytes`);
          }
          options.moved(value.length);
          controller.enqueue(value);
        } catch (error) {
          end(error as Error);
          controller.error(error);
          await reader.cancel(error).catch(() => {});
        }
      },
      cancel: async (reason) => {
        end(reason instanceof Error ? reason : new Error("the reader has gone"));
        await reader.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
