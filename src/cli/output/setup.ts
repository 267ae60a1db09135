import type { SetUpResult } from '../../setUpOptions.js';
import { findingsText } from './findings.js';
import { nameText, secondsText } from './text.js';

/** What a setup looked at and did, and what is left to a person, as lines for people. */
export function setUpText(result: SetUpResult): string {
  const { pair, status, source, replica, findings } = result;
  const said = {
    planned: `nothing was changed: ${replica} would be the replica of ${source}`,
    nothing: `${replica} is the replica of ${source} already: nothing was changed`,
    'set-up': `${replica} is the replica of ${source}: ${pair} is a pair, after ${secondsText(result.seconds)}`,
  }[status];
  return [findingsText(findings), said, ...comparedText(result), ...linesText(result)].join('\n');
}

function comparedText({ compared }: SetUpResult): string[] {
  if (compared === null) return [];
  const { tables, notCompared } = compared;
  const equal = `compared: ${tables} ${tables === 1 ? 'table is' : 'tables are'} equal`;
  return [
    notCompared.length === 0
      ? equal
      : `${equal}; not compared: ${notCompared.map(nameText).join(', ')}`,
  ];
}

function linesText({ optionFiles }: SetUpResult): string[] {
  return optionFiles.flatMap(({ server, lines }) => [
    `into the option file of ${server}, so that it comes back as it is:`,
    '  [mysqld]',
    ...lines.map((line) => `  ${line}`),
  ]);
}
