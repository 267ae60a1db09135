#!/usr/bin/env node
import { endLater } from '../dist/cli/ending.js';
import { main } from '../dist/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
endLater();
