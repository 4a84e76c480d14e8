import * as v from "valibot";

import { list, map, mustBe, noList, text } from "./fields.ts";

/** `grammar` as the schema leaves it. */
export interface RawGrammar {
  commands: boolean;
  subcommands: string[];
  flags: string[];
  options_with_value: string[];
  options_with_optional_value: string[];
  aliases: Record<string, string>;
  abbreviations: boolean;
}

const names = list(
  text("an option, such as --file, or its names, as in --file,-f", /^-[^\s=,]+(,-[^\s=,]+)*$/),
  "a list of options",
);
const yesNo = v.boolean(mustBe("true or false"));
const name = text("a command", /^[^\s-]\S*$/);

/** How the arguments of a tool without a plugin of its own are read. */
export const grammar: v.GenericSchema<unknown, RawGrammar> = map({
  commands: v.optional(yesNo, true),
  subcommands: v.optional(list(name, "a list of commands"), []),
  flags: v.optional(names, []),
  options_with_value: v.optional(names, []),
  options_with_optional_value: v.optional(names, []),
  aliases: v.optional(noList(v.record(name, name, mustBe("a map of commands")), mustBe("a map of commands")), {}),
  abbreviations: v.optional(yesNo, false),
});
