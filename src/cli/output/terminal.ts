import { redact } from '../../util/redact.js';
import type { Observe } from '../../util/observe.js';
import type { followRun, RunLines } from './followRun.js';
import { levelled, type Level } from './journal.js';
import { jsonPieces } from './json.js';
import { createStatusLine } from './statusLine.js';

export interface TerminalOptions {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Where a command says things: results on stdout, everything else on stderr, secrets nowhere. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  configure(options: TerminalOptions): void;
  /** The result for people; silent with --json and --quiet. */
  result(text: string): void;
  /** The result for machines; silent without --json. */
  document(value: unknown): void;
  /** A document for another program, on stdout as it is: also with --quiet, and nothing is masked in it. */
  page(text: string): void;
  /** A line on stderr; silent with --quiet. */
  note(line: string): void;
  /** The same for what somebody should look at, though the command goes on. */
  warning(text: string): void;
  /** A line on stderr in any case. */
  error(line: string): void;
  /** A live line at the bottom, on a terminal only; replaced by the next. */
  live(line: string): void;
  /** Removes the live line. */
  clear(): void;
  /** Shows what a run does. */
  observe: Observe;
  /** The same for one of several pairs that run at once: its lines begin with its name. */
  of(pair: string): PairLines;
}

/** What one of several pairs has of the terminal. */
export interface PairLines {
  observe: Observe;
  /** Takes the pair out of the live line. */
  clear(): void;
}

export function createTerminal(observe?: Observe): Terminal {
  let options: TerminalOptions = {};
  const line = createStatusLine(process.stderr);
  const write = (stream: NodeJS.WriteStream, text: string, level: Level = 'info') => {
    line.clear();
    const shown = redact(text);
    stream.write(`${stream === process.stderr ? levelled(shown, level) : shown}\n`);
  };
  /** What each of several pairs is doing. */
  const lives = new Map<string, string>();
  const isTalking = () => options.quiet !== true && options.json !== true;
  const observed = (lines: RunLines): Observe => {
    let following: Promise<ReturnType<typeof followRun>> | undefined;
    return async (event) => {
      await observe?.(event);
      if (!isTalking()) return;
      following ??= import('./followRun.js').then(({ followRun }) => followRun(lines));
      (await following)(event, options.verbose === true);
    };
  };
  const terminal: Terminal = {
    get json() {
      return options.json === true;
    },
    get quiet() {
      return options.quiet === true;
    },
    configure: (given) => (options = given),
    result: (text) => {
      if (isTalking()) write(process.stdout, text);
    },
    document: (value) => {
      if (options.json !== true) return;
      line.clear();
      for (const piece of jsonPieces(value)) process.stdout.write(redact(piece));
      process.stdout.write('\n');
    },
    page: (text) => {
      line.clear();
      process.stdout.write(text);
    },
    note: (text) => {
      if (options.quiet !== true) write(process.stderr, text);
    },
    warning: (text) => {
      if (options.quiet !== true) write(process.stderr, `warning: ${text}`, 'warning');
    },
    error: (text) => write(process.stderr, text, 'error'),
    live: (text) => {
      if (isTalking()) line.show(redact(text));
    },
    clear: () => line.clear(),
    observe: (event) => observeHere(event),
    of: (pair) => {
      const show = () =>
        terminal.live([...lives].map(([name, text]) => `${name}: ${text}`).join(' | '));
      return {
        observe: observed({
          note: (text) => terminal.note(`${pair}: ${text}`),
          warning: (text) => terminal.warning(`${pair}: ${text}`),
          live: (text) => {
            lives.set(pair, text);
            show();
          },
        }),
        clear: () => {
          lives.delete(pair);
          line.clear();
          if (lives.size > 0) show();
        },
      };
    },
  };
  const observeHere = observed(terminal);
  return terminal;
}
