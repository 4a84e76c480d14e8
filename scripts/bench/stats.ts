/** What is kept of a list of measurements. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly p99: number;
}

/** Measurements by the name of what was measured; the same round of each stands at the same place. */
export type Samples<Name extends string = string> = Readonly<Record<Name, readonly number[]>>;

/** One figure out of the medians, such as a ratio of two. */
export type Figure<Name extends string = string> = (medians: Readonly<Record<Name, number>>) => number;

/**
 * The value below which `fraction` of the values lie, between two of them where it has to be.
 *
 * @throws {RangeError} for no values
 */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const place = fraction * (sorted.length - 1);
  const lower = sorted[Math.floor(place)];
  const upper = sorted[Math.ceil(place)];
  if (lower === undefined || upper === undefined) {
    throw new RangeError(`Cannot take percentile ${fraction} of ${values.length} values`);
  }
  return lower + (upper - lower) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    median: median(values),
    p10: percentile(values, 0.1),
    p90: percentile(values, 0.9),
    p99: percentile(values, 0.99),
  };
}

export function medians<Name extends string>(samples: Samples<Name>): Record<Name, number> {
  return mapSamples(samples, median);
}

/**
 * How far `figure` may be off for the noise between rounds: what 95 of 100 reruns would give if they drew their rounds from
 * the ones that were measured (the bootstrap). It knows nothing of a machine that was busier for the whole of the run.
 */
export function uncertainty<Name extends string>(
  samples: Samples<Name>,
  figure: Figure<Name>,
  random: () => number = Math.random,
): readonly [low: number, high: number] {
  const rounds = Math.min(...Object.values<readonly number[]>(samples).map((values) => values.length));
  const figures = Array.from({ length: RERUNS }, () => {
    const drawn = Array.from({ length: rounds }, () => Math.floor(random() * rounds));
    return figure(mapSamples(samples, (values) => median(drawn.map((round) => values[round] ?? Number.NaN))));
  });
  return [percentile(figures, 0.025), percentile(figures, 0.975)];
}

const RERUNS = 1000;

function mapSamples<Name extends string>(
  samples: Samples<Name>,
  map: (values: readonly number[]) => number,
): Record<Name, number> {
  const entries = Object.entries<readonly number[]>(samples).map(([name, values]) => [name, map(values)]);
  return Object.fromEntries(entries) as Record<Name, number>;
}
