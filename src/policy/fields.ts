import * as v from "valibot";

import { formatDuration, parseDuration } from "./duration.ts";
import { found } from "./found.ts";
import { didYouMean } from "./nearest.ts";

/** Message of a schema; like all here, it is the end of the sentence "KEY must be …". */
export type Message = v.ErrorMessage<v.BaseIssue<unknown>>;

/** What is accepted, what was found, and how to get from one to the other. */
export function mustBe(accepted: string, hint: (input: unknown) => string = () => ""): Message {
  return (issue) => `${accepted}, found ${found(issue.input)}${hint(issue.input)}`;
}

/** Hint for a number or boolean where text is expected, as YAML reads a bare 5 or true. */
export const quoteIt = (input: unknown): string =>
  typeof input === "number" || typeof input === "boolean" ? "; put it in quotes" : "";
const listIt = (input: unknown): string =>
  typeof input === "string" || typeof input === "number" ? "; write it in brackets: [ … ]" : "";

/** A schema that lets no list through: to valibot a list is an object too, whose keys are all unknown. */
export const noList = <const Schema extends v.GenericSchema>(
  schema: Schema,
  message: Message,
): v.SchemaWithPipe<readonly [v.UnknownSchema, v.CheckAction<unknown, Message>, Schema]> =>
  v.pipe(
    v.unknown(),
    v.check((input) => !Array.isArray(input), message),
    schema,
  );

/** A map with these keys; others are left to `unknownKeys`. */
export const map = <const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.SchemaWithPipe<readonly [v.UnknownSchema, v.CheckAction<unknown, Message>, v.ObjectSchema<Entries, Message>]> =>
  noList(v.object(entries, mustBe("a map")), mustBe("a map"));

/** A string that matches. */
export const text = (accepted: string, pattern: RegExp): v.GenericSchema<string, string> =>
  v.pipe(v.string(mustBe(accepted, quoteIt)), v.regex(pattern, mustBe(accepted)));

/** A list of such items. */
export const list = <Item extends v.GenericSchema>(item: Item, accepted: string): v.ArraySchema<Item, Message> =>
  v.array(item, mustBe(accepted, listIt));

/** An integer from `min` to `max`, both included. */
export const wholeNumber = (min: number, max: number): v.GenericSchema<number, number> => {
  const message = mustBe(`a whole number from ${min} to ${max}`);
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};

/** One of these words. */
export const oneOf = <const Options extends readonly string[]>(options: Options): v.PicklistSchema<Options, Message> =>
  v.picklist(
    options,
    mustBe(options.map((option) => `"${option}"`).join(" or "), (input) =>
      typeof input === "string" ? didYouMean(input, options) : "",
    ),
  );

/** A duration from `minMs` to `maxMs`, as milliseconds; with `orNone` also the word none, as undefined. */
export const duration = (minMs: number, maxMs: number, orNone = false): v.GenericSchema<string, number | undefined> => {
  const none = orNone ? ", or none" : "";
  const accepted = `a duration such as 500ms, 30s or 10m, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}${none}`;
  const unit = (input: unknown): string => (typeof input === "number" ? "; write the unit too" : "");
  const inRange = (input: string): boolean => {
    const durationMs = parseDuration(input);
    return (orNone && input === "none") || (durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs);
  };
  return v.pipe(v.string(mustBe(accepted, unit)), v.check(inRange, mustBe(accepted)), v.transform(parseDuration));
};

/** A list of such items, or one of them alone. */
export const oneOrList = <Output>(
  item: v.GenericSchema<unknown, Output> | v.GenericSchema<string, Output>,
  accepted: string,
): v.GenericSchema<unknown, Output[]> =>
  v.lazy((input) =>
    Array.isArray(input)
      ? v.pipe(list(item, accepted), v.minLength(1, mustBe(`${accepted}, at least one`)))
      : v.pipe(
          item,
          v.transform((only) => [only]),
        ),
  ) as v.GenericSchema<unknown, Output[]>;
