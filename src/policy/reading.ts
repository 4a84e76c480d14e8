/**
 * What a grammar makes of the arguments of one invocation.
 *
 * `command`: the verb that the tool will run (`push` in `git -C . push`). `none`: the tool runs no verb, by its
 * grammar (`jq -r .a`, bare `git`). `unclear`: the arguments cannot be read with certainty, so no rule about verbs
 * can be applied; `argument` is the culprit and `why` completes the sentence "cannot tell the command behind it: …".
 */
export type Reading =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "none" }
  | { readonly kind: "unclear"; readonly argument: string; readonly why: string };

/**
 * Finds the command in the arguments of one invocation, which come without argv[0].
 * Must be pure and total: no I/O, no exceptions, the same answer for the same arguments. In doubt, answer `unclear`.
 */
export type Grammar = (args: readonly string[]) => Reading;
