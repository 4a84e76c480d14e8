#!/usr/bin/env bun
import { configJsonSchema } from "./config-schema.ts";

/** Writes plugins/schema.json anew. Run it after a change to the schema or to the tables of SPEC.md. */
const root = `${import.meta.dir}/../..`;
const spec = await Bun.file(`${root}/SPEC.md`).text();
await Bun.write(`${root}/plugins/schema.json`, `${JSON.stringify(configJsonSchema(spec), undefined, 2)}\n`);
