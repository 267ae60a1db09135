import type { PairStatus } from '../../status.js';
import { ageText, bytesText, fieldsText, secondsText } from './text.js';

/** How a pair is, as lines for people. */
export function statusText(status: PairStatus): string {
  const { lastBackup } = status;
  const channels = status.channels.map((channel): [string, string] => {
    const name = channel.name === '' ? 'replication' : `channel ${channel.name}`;
    const lag = channel.lagSeconds === null ? 'lag unknown' : `lag ${channel.lagSeconds} s`;
    return [
      name,
      `from ${channel.source}: I/O thread ${channel.receiver}, SQL thread ${channel.applier}, ${lag}`,
    ];
  });
  const last = lastBackup
    ? `${lastBackup.id}, ${ageText(lastBackup.pausedAt, new Date())}, ${bytesText(lastBackup.bytes.stored)}, paused ${secondsText(lastBackup.pauseSeconds)}`
    : 'none';
  const fields: [string, string][] = [
    ['replica', status.version ?? 'not reached'],
    ...channels,
    ['run', runText(status)],
    ['last backup', last],
    ['last proof', proofText(status)],
    ...failureText(status),
    ...status.problems.map((problem): [string, string] => ['problem', problem]),
  ];
  return `${status.pair}\n${fieldsText(fields)}`;
}

function proofText({ lastProof, lastBackup }: PairStatus): string {
  if (!lastProof) return lastBackup ? 'none: run `stillpoint drill`' : 'none';
  const { finishedAt, backup, seconds } = lastProof;
  return `${ageText(finishedAt, new Date())}, backup ${backup} in ${secondsText(seconds.total)}`;
}

/** A drill that failed after the last one that passed. */
function failureText({ lastDrill }: PairStatus): [string, string][] {
  if (lastDrill?.status !== 'failed') return [];
  const when = ageText(lastDrill.finishedAt, new Date());
  return [['last drill', `FAILED ${when}, backup ${lastDrill.backup}: ${lastDrill.reason ?? ''}`]];
}

function runText({ running, frozenByUs, unfinished }: PairStatus): string {
  if (running) return frozenByUs ? 'going on, replication is paused' : 'going on';
  if (frozenByUs) return 'a dead run left the replica paused: run `stillpoint resume`';
  return unfinished ? 'a dead run left objects in the store: run `stillpoint resume`' : 'none';
}
