/** The argument as a shell reads it back. */
export function shellWord(argument: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
