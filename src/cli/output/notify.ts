import type { ChannelTest } from '../../notify/sendTest.js';
import { stdoutColours } from './colours.js';
import { secondsText } from './text.js';

const marks = {
  arrived: stdoutColours.green('ok  '),
  failed: stdoutColours.red('FAIL'),
  untouched: stdoutColours.dim('-   '),
};

/** What became of a test, one line for each channel, with what to do under it. */
export function channelsText(tests: readonly ChannelTest[]): string {
  if (tests.length === 0) return '  nobody is told: name somebody under notify';
  const names = tests.map(nameOf);
  const width = Math.max(...names.map((name) => name.length));
  return tests
    .flatMap(({ status, detail, seconds, hint }, i) => [
      `  ${marks[status]}  ${(names[i] ?? '').padEnd(width)}  ${detail}${status === 'untouched' ? '' : `, after ${secondsText(seconds)}`}`,
      ...(hint === null ? [] : [`  ${' '.repeat(width + 8)}${stdoutColours.dim('hint:')} ${hint}`]),
    ])
    .join('\n');
}

function nameOf({ channel, actions }: ChannelTest): string {
  if (channel === 'metricsFile') return 'metrics file';
  return actions === null ? channel : `${channel} for ${actions.join(', ')}`;
}
