#!/usr/bin/env node
/** The command `smash`: what the operating system starts. Everything that can be tested is in `program.ts`. */

import { exitOnClosedOutput } from "./closed-output.js";
import { runProgram } from "./program.js";

exitOnClosedOutput();
await runProgram(process.argv.slice(2));
