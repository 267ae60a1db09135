import { resolvePair } from '../../config/choose.js';
import type { Config, ServerConfig } from '../../config/schema.js';
import type { SnapshotResult } from '../../snapshot.js';
import { shellWord } from '../../util/shell.js';
import { stderrColours } from './colours.js';
import { recordFields } from './record.js';
import { fieldsText, secondsText, timeText } from './text.js';

/** What a snapshot holds, as lines for people. */
export function snapshotText(taken: SnapshotResult): string {
  const { barrier, pinnedUntil } = taken;
  const until = barrier.gtid ?? `${barrier.file ?? ''}:${barrier.position ?? ''}`;
  const text = fieldsText([
    ...recordFields(taken),
    ['holds', `all that the source had committed: ${until}`],
    ['waited', `${secondsText(barrier.waitSeconds)} for the replica to reach it`],
    ['pinned', pinnedUntil === null ? 'for ever' : `until ${timeText(pinnedUntil)}`],
  ]);
  return `snapshot ${taken.id} is committed\n${text}`;
}

/** The command lines that bring a snapshot back, each with what it does. */
export interface RestoreLines {
  /** Into a server beside: to look, to compare, to take single tables from. */
  beside: string;
  /** Into the source, in place of what is there now. */
  inPlace: string;
  /** False: the configuration has no target yet that names the source, and `inPlace` needs one. */
  hasTarget: boolean;
}

/** How to restore a snapshot by this configuration; `file` is how the user named it. */
export function restoreLines(
  config: Config,
  taken: Pick<SnapshotResult, 'id' | 'pair' | 'databases'>,
  file: string | undefined,
): RestoreLines {
  const { pair } = resolvePair(config, taken.pair);
  const targets = Object.entries(config.targets);
  const [ofSource] = targets.find(([, target]) => isSame(target, pair.source)) ?? [];
  const [other = 'TARGET'] = targets.find(([name]) => name !== ofSource) ?? [];
  const start = ['stillpoint', ...(file === undefined ? [] : ['-c', file]), 'restore', taken.id];
  const replace = taken.databases.flatMap((name) => ['--replace', name]);
  const inPlace = [...start, '--to', ofSource ?? 'SOURCE', ...replace, '--into-pair-member'];
  return {
    beside: [...start, '--to', other].map(shellWord).join(' '),
    inPlace: inPlace.map(shellWord).join(' '),
    hasTarget: ofSource !== undefined,
  };
}

/** What is said when the command after a snapshot has failed. */
export function failedText(
  taken: Pick<SnapshotResult, 'id'>,
  exit: number,
  { beside, inPlace, hasTarget }: RestoreLines,
): string {
  const name = stderrColours.red('stillpoint:');
  const note = hasTarget ? '' : ', once `targets` names the source, here as SOURCE';
  return [
    `${name} the command ended with ${exit}; what was before it is in ${taken.id}`,
    'into another server:',
    `  ${beside}`,
    `in place of what is there now${note}:`,
    `  ${inPlace}`,
  ].join('\n');
}

function isSame(one: ServerConfig, other: ServerConfig): boolean {
  if (one.socketPath !== undefined || other.socketPath !== undefined) {
    return one.socketPath === other.socketPath;
  }
  return one.host === other.host && one.port === other.port;
}
