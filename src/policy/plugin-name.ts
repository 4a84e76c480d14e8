/** What a plugin may be called: the name becomes a file name, a socket's name and a command on PATH. */
export const PLUGIN_NAME: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** {@link PLUGIN_NAME} in words, for error messages. */
export const PLUGIN_NAME_IN_WORDS =
  "1 to 64 of the characters a-z, 0-9, dot, dash and underscore, the first a letter or a digit";
