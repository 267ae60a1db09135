import type { Finding } from '../../doctor.js';
import { stdoutColours } from './colours.js';

const marks = {
  ok: stdoutColours.green('ok  '),
  warn: stdoutColours.yellow('warn'),
  fail: stdoutColours.red('FAIL'),
};

/** What doctor found, one line each, with what to do under it. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .flatMap(({ name, status, detail, fix }) => [
      `  ${marks[status]}  ${name.padEnd(width)}  ${detail}`,
      ...(fix === undefined
        ? []
        : [`  ${' '.repeat(width + 8)}${stdoutColours.dim('fix:')} ${fix}`]),
    ])
    .join('\n');
}
