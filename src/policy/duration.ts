/**
 * Milliseconds of a duration as configs write it: a whole number and a unit (`500ms`, `30s`, `10m`, `2h`).
 * Undefined when it is not one.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match === null) {
    return undefined;
  }
  return Number(match[1]) * (MS_PER_UNIT[match[2] as keyof typeof MS_PER_UNIT] ?? Number.NaN);
}

/** The shortest way to write so many milliseconds: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    if (durationMs >= MS_PER_UNIT[unit] && durationMs % MS_PER_UNIT[unit] === 0) {
      return `${durationMs / MS_PER_UNIT[unit]}${unit}`;
    }
  }
  return `${durationMs}ms`;
}

const MS_PER_UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
