import type { DrillCheck } from '../../catalog/drillRecord.js';
import type { Finding } from '../../doctor.js';
import { stdoutColours } from './colours.js';
import { nameText } from './text.js';

const marks = {
  ok: stdoutColours.green('ok  '),
  warn: stdoutColours.yellow('warn'),
  fail: stdoutColours.red('FAIL'),
};

const ofCheck = { passed: marks.ok, warned: marks.warn, failed: marks.fail };

/** What a drill asserted, one line each. */
export function checksText(checks: readonly DrillCheck[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => nameText(name).length));
  return checks
    .map(
      ({ name, status, detail }) =>
        `  ${ofCheck[status]}  ${nameText(name).padEnd(width)}  ${nameText(detail)}`,
    )
    .join('\n');
}

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
