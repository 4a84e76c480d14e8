/** Runs what is measured once, and returns how many milliseconds that took. */
export type Measure = () => number;

export interface InterleaveOptions {
  readonly rounds: number;
  /** Rounds before the ones that count. */
  readonly warmup: number;
}

/**
 * Measures all in turn, round after round: what disturbs the machine for a while disturbs all of them. Nobody always
 * comes after the same neighbour.
 */
export async function interleave<Name extends string>(
  measures: Readonly<Record<Name, Measure>>,
  { rounds, warmup }: InterleaveOptions,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measures) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = -warmup; round < rounds; round++) {
    for (const name of orderOf(names, round + warmup)) {
      const ms = measures[name]();
      if (round >= 0) {
        samples[name].push(ms);
      }
    }
    // The measures block: here is where a signal to stop gets through.
    await new Promise(setImmediate);
  }
  return samples;
}

/** Each begins as often as the others, and every second cycle runs backwards. */
export function orderOf<Name>(names: readonly Name[], round: number): Name[] {
  const start = round % names.length;
  const turned = [...names.slice(start), ...names.slice(0, start)];
  return Math.floor(round / names.length) % 2 === 0 ? turned : turned.toReversed();
}
