import pc from 'picocolors';
import type { Finding } from '../../doctor.js';

const marks = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('FAIL') };

/** What doctor found, one line each, with what to do under it. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .flatMap(({ name, status, detail, fix }) => [
      `  ${marks[status]}  ${name.padEnd(width)}  ${detail}`,
      ...(fix === undefined ? [] : [`  ${' '.repeat(width + 8)}${pc.dim('fix:')} ${fix}`]),
    ])
    .join('\n');
}
