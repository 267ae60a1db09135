import { writeFileSync } from 'node:fs';
import { createTerminal } from '../output/terminal.js';
import { createProgram } from '../program.js';
import { manPage } from './page.js';

// Run at build time: writes the man page that package.json names beside the compiled program.
const program = await createProgram({
  terminal: createTerminal(),
  signal: new AbortController().signal,
  exitWith: () => undefined,
  run: () => Promise.resolve({ exit: 0, error: null }),
});
const page = manPage(program, program.version() ?? '');
writeFileSync(new URL('../../stillpoint.1', import.meta.url), page);
