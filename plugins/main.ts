#!/usr/bin/env bun
import { runCli } from "../src/cli.ts";
import { gitBroker } from "./git/broker.ts";
import { gitPlugin } from "./git/plugin.ts";
import { npmBroker } from "./npm/broker.ts";
import { npmPlugin } from "./npm/plugin.ts";
import { toolPlugin } from "./tool/plugin.ts";

void runCli(
  { plugins: [gitPlugin, npmPlugin], declarative: toolPlugin, brokers: [gitBroker, npmBroker] },
  process.argv,
);
