import { medians, uncertainty, type Figure, type Samples } from "./stats.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** The medians behind the result, with their units. */
  readonly measured: string;
  readonly result: string;
  /** Empty for a figure that is only told. */
  readonly target: string;
  readonly isMet: boolean;
}

/** What one benchmark found. */
export interface Report {
  readonly rows: readonly Row[];
  readonly samples: Samples;
  /** Values whose order says something, for the JSON as they are. */
  readonly series?: Samples;
  /** Sentences beneath the table. */
  readonly notes?: readonly string[];
}

export interface Options {
  readonly isQuick: boolean;
}

export interface RatioOptions<Name extends string> {
  readonly what: string;
  readonly measured: string;
  readonly samples: Samples<Name>;
  readonly ratio: Figure<Name>;
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

/** A row whose result is a ratio of medians; in parentheses, how far the noise between the rounds may have moved it. */
export function ratioRow<Name extends string>({ what, measured, samples, ratio, target }: RatioOptions<Name>): Row {
  // Held against the target as it is printed: "1.00, at most 1.00, missed" would only puzzle.
  const printed = ratio(medians(samples)).toFixed(2);
  const found = Number(printed);
  const [low, high] = uncertainty(samples, ratio);
  return {
    what,
    measured,
    result: `${printed} × (${low.toFixed(2)}–${high.toFixed(2)})`,
    ...verdict(found, target),
  };
}

function verdict(found: number, target: RatioOptions<string>["target"]): Pick<Row, "target" | "isMet"> {
  if (target === undefined) {
    return { target: "", isMet: true };
  }
  return "atMost" in target
    ? { target: `≤ ${target.atMost.toFixed(2)} ×`, isMet: found <= target.atMost }
    : { target: `≥ ${target.atLeast.toFixed(2)} ×`, isMet: found >= target.atLeast };
}
