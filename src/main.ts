#!/usr/bin/env node
// The program: one command line in, one exit code out.
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './cli/program.js';
import { tuneCompiler } from './runtime/compiler.js';

tuneCompiler();
const code = await runCommandLine(process.argv.slice(2), fileURLToPath(import.meta.url));
// What still runs when a command has ended must not keep the process: it has said all that it had to say.
process.exit(code);
