import type { ChannelView, ServerStatus } from '../../pair/topology.js';
import type { PairReplicaStatus, PairStatus } from '../../status.js';
import { stdoutColours } from './colours.js';
import { bytesText, countText, nameText } from './text.js';

/** One line of the drawing, before it is cut and coloured. */
interface Line {
  text: string;
  /** Something that somebody should look at. */
  isBad?: boolean;
}

/** The servers of a pair and what flows between them, in lines of at most `width` characters. */
export function topologyText(status: PairStatus, width: number): string {
  const { source, replicas } = status;
  const lines: Line[] = [
    serverLine('  source  ', source),
    ...below(source, replicas.length > 0 ? '  │       ' : '          '),
    ...source.channels.flatMap((channel): Line[] => [
      {
        text: `  │       follows ${channel.source}: ${threadsText(channel)}`,
        isBad: isBroken(channel),
      },
      ...errorLines(channel, '  │       '),
    ]),
  ];
  for (const [index, replica] of replicas.entries()) {
    const isLast = index === replicas.length - 1;
    lines.push({ text: '  │' }, ...replicaLines(replica, status, isLast));
  }
  return lines.flatMap((line) => shown(line, width)).join('\n');
}

function replicaLines(replica: PairReplicaStatus, status: PairStatus, isLast: boolean): Line[] {
  const [own, others] = apart(replica.channels, status.source);
  const margin = isLast ? '     ' : '  │  ';
  const lines = own.flatMap((channel) => channelLines(channel, '  ├─ ', '  │  '));
  if (own.length === 0 && replica.version !== null) {
    const what = others.length > 0 ? 'does not follow this source' : 'replicates nothing';
    lines.push({ text: `  ├─ ${what}`, isBad: !status.rolesSwapped });
  }
  const label = replica.name === null ? 'replica' : nameText(replica.name);
  const asked = replica.backups ? '' : ', never paused';
  lines.push(serverLine(`  ${isLast ? '└' : '├'}▶ ${label}  `, replica, asked));
  lines.push(...below(replica, `${margin}  `, own.length === 1 ? own[0]?.executed : undefined));
  if (replica.frozenByUs) lines.push({ text: `${margin}  paused by us`, isBad: !replica.running });
  if (replica.outOfWriting)
    lines.push({ text: `${margin}  ${outText[replica.outOfWriting]}`, isBad: !replica.running });
  if (replica.errant)
    lines.push({
      text: `${margin}  has what its source has not: ${nameText(replica.errant)}`,
      isBad: true,
    });
  for (const channel of others)
    lines.push({ text: `${margin}▲` }, ...channelLines(channel, `${margin}├─ `, `${margin}│  `), {
      text: `${margin}└ ${nameText(channel.source)}`,
    });
  return lines;
}

const outText = {
  closed: 'closed for writes by us',
  open: 'drained by us: drain.after has not run',
};

/** The channels from the source, and the others. */
function apart(
  channels: readonly ChannelView[],
  source: ServerStatus,
): [ChannelView[], ChannelView[]] {
  const isOwn = ({ fromSource, source: address }: ChannelView) =>
    fromSource ?? (channels.length === 1 || address === source.address);
  return [channels.filter(isOwn), channels.filter((channel) => !isOwn(channel))];
}

function serverLine(label: string, server: ServerStatus, more = ''): Line {
  const address = nameText(server.address ?? 'unknown');
  if (server.version === null) return { text: `${label}${address}  not reached`, isBad: true };
  const writes =
    server.takesWrites === null
      ? ''
      : server.takesWrites
        ? ', takes writes'
        : server.superReadOnly === false
          ? ', read-only (not super)'
          : ', read-only';
  return { text: `${label}${address}  ${versionText(server.version)}${writes}${more}` };
}

/** Where a server stands: a source by its own binary log, a replica by that of its source. */
function below(server: ServerStatus, margin: string, applied?: ChannelView['executed']): Line[] {
  const at = applied ?? server.binlog;
  const stands = at && `${applied ? 'applied ' : ''}${nameText(at.file)}:${at.position}`;
  const gtid = server.gtid === null ? null : `GTID ${nameText(server.gtid)}`;
  const text = [stands, gtid].filter((part) => part !== null).join(', ');
  return text === '' ? [] : [{ text: `${margin}${text}` }];
}

function channelLines(channel: ChannelView, first: string, then: string): Line[] {
  const name = channel.name === '' ? '' : `channel ${nameText(channel.name)}: `;
  const isBad = isBroken(channel);
  return [{ text: `${first}${name}${threadsText(channel)}`, isBad }, ...errorLines(channel, then)];
}

function errorLines({ error }: ChannelView, margin: string): Line[] {
  return error === null ? [] : [{ text: `${margin}${nameText(error)}`, isBad: true }];
}

function threadsText(channel: ChannelView): string {
  const { receiver, applier, lagSeconds, delaySeconds } = channel;
  const thread = (state: string) => (state === 'running' ? state : state.toUpperCase());
  return [
    `receiver ${thread(receiver)}`,
    `applier ${thread(applier)}`,
    lagSeconds === null ? 'lag unknown' : `lag ${lagSeconds} s`,
    ...(delaySeconds > 0 ? [`of which ${delaySeconds} s are wanted`] : []),
    ...behindText(channel),
  ].join(', ');
}

function behindText({ behind }: ChannelView): string[] {
  if (behind === null || (behind.transactions === null && behind.bytes === null)) return [];
  if (behind.transactions === 0 || (behind.transactions === null && behind.bytes === 0))
    return ['has everything'];
  const bytes = behind.bytes === null ? '' : bytesText(behind.bytes);
  if (behind.transactions === null) return [`lacks ${bytes}`];
  const many = `${countText(behind.transactions)} transaction${behind.transactions === 1 ? '' : 's'}`;
  return [`lacks ${many}${bytes && ` (${bytes})`}`];
}

function isBroken({ receiver, applier, error }: ChannelView): boolean {
  return receiver !== 'running' || applier !== 'running' || error !== null;
}

/** `MariaDB 10.11.19` of `10.11.19-MariaDB-0+deb12u1-log`. */
function versionText(version: string): string {
  const [number = version] = /^[\d.]+/.exec(version.replace(/^5\.5\.5-(?=\d)/, '')) ?? [];
  return `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${nameText(number)}`;
}

/** A long text of GTIDs is cut in its middle, since its end changes; anything else goes on below. */
function shown({ text, isBad = false }: Line, width: number): string[] {
  const colour = isBad ? stdoutColours.red : (plain: string) => plain;
  if (text.length <= width) return [colour(text)];
  const gtid = text.indexOf('GTID ');
  if (gtid !== -1 && !isBad) {
    const begin = text.slice(0, gtid + 5 + 8);
    return [`${begin}…${text.slice(begin.length - width + 1)}`];
  }
  const [margin = ''] = /^[\s│├└▶─]*/.exec(text) ?? [];
  const room = Math.max(20, width - margin.length);
  const words = text.slice(margin.length);
  const at = words.lastIndexOf(' ', room);
  const cut = at > 0 ? at : room;
  const next = margin.replaceAll(/[├]/g, '│').replaceAll(/[└▶─]/g, ' ');
  const rest = { text: `${next}${words.slice(cut).trimStart()}`, isBad };
  return [colour(`${margin}${words.slice(0, cut)}`), ...shown(rest, width)];
}
