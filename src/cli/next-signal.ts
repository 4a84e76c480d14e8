/** The first TERM or INT. Without a listener for the second, it ends the process at once: the way out of a long drain. */
export async function nextSignal(): Promise<NodeJS.Signals> {
  return await new Promise((settle) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off("SIGTERM", stop);
      process.off("SIGINT", stop);
      settle(signal);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
