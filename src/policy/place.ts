/** Where something stands in a config file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An item of a list in the config, with its place, so that a decision can name the line that made it. */
export interface Listed {
  readonly value: string;
  readonly place: Place;
}

/** Place of what concerns a file as a whole. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1 };
}
