import type { Command } from 'commander';
import { allPairs, notifyOf, resolvePair } from '../../config/choose.js';
import { exitStatus, exitStatusOf, StillpointError } from '../../errors.js';
import type { ChannelTest } from '../../notify/sendTest.js';
import { systemClock } from '../../util/clock.js';
import { configOf, type Context } from '../context.js';
import { allOption } from '../options.js';

export function registerNotify(program: Command, context: Context): void {
  const notify = program
    .command('notify')
    .description('those who are told how runs end: send them a test');
  notify
    .command('test')
    .argument('[pair]', 'the pair; may be left out when there is one')
    .description('send a message that says it is a test to everybody, and say whether it arrived')
    .addOption(allOption())
    .action(async (pair: string | undefined, flags: { all?: boolean }, command: Command) => {
      const { sendTest } = await import('../../notify/sendTest.js');
      const { channelsText } = await import('../output/notify.js');
      const config = await configOf(command);
      const names = flags.all
        ? allPairs(config, pair)
        : [resolvePair(config, pair, 'Name one of them, or test all with --all.').name];
      const tests: { pair: string; channels: ChannelTest[] }[] = [];
      for (const name of names) {
        const channels = await sendTest(notifyOf(config, name), name, systemClock);
        if (channels.length === 0 && !flags.all) throw nobody(name);
        tests.push({ pair: name, channels });
      }
      context.terminal.document(flags.all ? tests : tests[0]);
      context.terminal.result(
        tests.map((test) => `${test.pair}\n${channelsText(test.channels)}`).join('\n\n'),
      );
      const isFailed = ({ channels }: (typeof tests)[number]) =>
        channels.length === 0 || channels.some(({ status }) => status === 'failed');
      context.exitWith(exitStatusOf(tests.map((test) => (isFailed(test) ? exitStatus.failed : 0))));
    });
}

function nobody(pair: string): StillpointError {
  return new StillpointError('config', `nobody is told of runs of ${pair}: it has no notify`, {
    hint: 'Name a heartbeat, a webhook or a command under notify: see docs/monitoring.md.',
  });
}
