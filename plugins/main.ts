#!/usr/bin/env bun
import { runCli } from "../src/cli.ts";
import { gitPlugin } from "./git/plugin.ts";
import { toolPlugin } from "./tool/plugin.ts";

void runCli({ plugins: [gitPlugin], declarative: toolPlugin }, process.argv);
