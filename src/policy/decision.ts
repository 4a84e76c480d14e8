import type { Place } from "./config.ts";

/** The answer, the rule that gave it, and where that rule stands in the config. */
export type Decision =
  | { readonly effect: "allow"; readonly rule: string; readonly place: Place | undefined }
  | {
      readonly effect: "deny";
      readonly rule: string;
      readonly place: Place | undefined;
      /** One printable line of at most 300 characters: what, by which rule, and what to do. */
      readonly message: string;
    };
