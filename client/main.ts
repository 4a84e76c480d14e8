import { begin } from "./begin.ts";
import { fail } from "./fail.ts";
import type * as whole from "./whole.ts";

/** What most calls never need, beside this in the executable: a program starts the faster the less there is to read. */
const WHOLE = "/$bunfs/root/whole.js";

try {
  const begun = begin(process.argv0, process.argv.slice(2));
  const { finish } = require(WHOLE) as typeof whole;
  finish(begun);
} catch (error) {
  fail(error);
}
