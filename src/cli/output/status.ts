import type { PairStatus } from '../../status.js';
import { topologyText } from './topology.js';
import { ageText, bytesText, fieldsText, nameText, secondsText } from './text.js';

/** What a status is drawn on. */
export interface Drawing {
  /** Characters of a line. Default: 80 for the servers, no limit for what is below them. */
  width?: number;
  /** Default: now. */
  now?: Date;
}

/** How a pair is, as lines for people. */
export function statusText(status: PairStatus, { width, now = new Date() }: Drawing = {}): string {
  const { lastBackup } = status;
  const last = lastBackup
    ? `${lastBackup.id}, ${ageText(lastBackup.pausedAt, now)}, ${bytesText(lastBackup.bytes.stored)}, paused ${secondsText(lastBackup.pauseSeconds)}`
    : 'none';
  const fields: [string, string][] = [
    ...roleFields(status, now),
    ['run', runText(status)],
    ['last backup', last],
    ['last proof', proofText(status, now)],
    ...failureText(status, now),
    ...status.problems.map((problem): [string, string] => ['problem', nameText(problem)]),
  ];
  return `${status.pair}\n${topologyText(status, width ?? 80)}\n\n${folded(fields, width ?? Infinity)}`;
}

/** What was done to the roles of the servers. */
function roleFields(status: PairStatus, now: Date): [string, string][] {
  const { pair, promotion, lastPromotion, rolesSwapped } = status;
  const fields: [string, string][] = [];
  if (promotion) {
    const how = promotion.phase === 'closing' ? 'nothing has changed its role yet' : 'half done';
    const flag = promotion.kind === 'switchover' ? ' --switchover' : '';
    fields.push([
      'promotion',
      `of ${ageText(promotion.since, now)} has not ended, ${how}: run \`stillpoint pair promote ${pair}${flag}\``,
    ]);
  }
  if (rolesSwapped) {
    const { host, port } = lastPromotion?.newSource ?? {};
    const who = host === undefined ? 'the replica' : `${host}:${port}`;
    fields.push(['roles', `SWAPPED: ${who} is the source now; swap them in the configuration`]);
  }
  if (lastPromotion) {
    const { kind, finishedAt, newSource } = lastPromotion;
    const to = `${newSource.host}:${newSource.port}`;
    fields.push(['last promotion', `${kind} to ${to}, ${ageText(finishedAt, now)}`]);
  }
  return fields;
}

function proofText({ lastProof, lastBackup }: PairStatus, now: Date): string {
  if (!lastProof) return lastBackup ? 'none: run `stillpoint drill`' : 'none';
  const { finishedAt, backup, seconds } = lastProof;
  return `${ageText(finishedAt, now)}, backup ${backup} in ${secondsText(seconds.total)}`;
}

/** A drill that failed after the last one that passed. */
function failureText({ lastDrill }: PairStatus, now: Date): [string, string][] {
  if (lastDrill?.status !== 'failed') return [];
  const when = ageText(lastDrill.finishedAt, now);
  return [['last drill', `FAILED ${when}, backup ${lastDrill.backup}: ${lastDrill.reason ?? ''}`]];
}

function runText({ running, frozenByUs, unfinished, replicas, pair }: PairStatus): string {
  if (running) return frozenByUs ? 'going on, replication is paused' : 'going on';
  if (frozenByUs) return 'a dead run left the replica paused: run `stillpoint resume`';
  const isOut = (how: 'closed' | 'open') => replicas.some((one) => one.outOfWriting === how);
  if (isOut('closed'))
    return `a dead run left the replica closed for writes: run \`stillpoint resume ${pair}\``;
  if (isOut('open'))
    return `a dead run left the replica drained (drain.after): run \`stillpoint resume ${pair}\``;
  return unfinished ? 'a dead run left objects in the store: run `stillpoint resume`' : 'none';
}

/** The fields, their values in several lines where they are too long for one. */
function folded(fields: readonly (readonly [string, string])[], width: number): string {
  const room = width - 4 - Math.max(...fields.map(([name]) => name.length));
  return fieldsText(
    fields.flatMap(([name, value]) =>
      linesOf(value, room).map((line, index): [string, string] => [index === 0 ? name : '', line]),
    ),
  );
}

function linesOf(value: string, room: number): string[] {
  if (value.length <= room) return [value];
  const space = value.lastIndexOf(' ', room);
  const at = space > 0 ? space : room;
  return [value.slice(0, at), ...linesOf(value.slice(at).trimStart(), room)];
}
