/** What a refusal says of a retry, for each class of calls that would be refused again: whoever refuses says it so. */
export const RETRY = {
  /** Whatever else is in the call: a rule, a default, a list denies it. */
  kind: "A retry of this kind, in any spelling, will be refused too",
  /** Another folder may do. */
  folder: "A retry from here will be refused too",
  /** The same, written in a way that can be read, may pass. */
  form: "A retry in this form will be refused too",
  /** The same, shorter, may pass. */
  length: "A retry of this length will be refused too",
  /** It would trouble a person again. */
  unanswered: "Do not repeat it by yourself",
  denied: "Do not repeat it in any spelling",
} as const;
