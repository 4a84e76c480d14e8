/**
 * Whether text is a secret by its looks: a token of one of the kinds that say so themselves, the password in a URL, or
 * a private key. A config has references to secrets, never one itself, and no message may repeat one.
 */
export function looksLikeSecret(text: string): boolean {
  return KINDS.some((kind) => kind.test(text));
}

/** What to do with a secret that stands in a config; the end of an error message. */
export const KEEP_IT_OUT: string =
  "a secret never stands in a config: put it in a file of the secrets folder, such as secrets/github_token, " +
  "and write file: /run/secrets/github_token here; and have this one replaced, since it has been written down";

const KINDS: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{16,}/,
  /\bgithub_pat_[A-Za-z0-9_]{16,}/,
  /\bgl(?:pat|dt|rt|cbt|ptt|oas)-[A-Za-z0-9_-]{16,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\bsk-[A-Za-z0-9_-]{20,}/,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\./,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i,
  /^(?:Basic|Bearer)\s+\S{8,}$/i,
];
