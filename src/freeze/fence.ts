import type { Coordinates } from './coordinates.js';

/**
 * What moved between two readings of a replica that should have stood still, as lines for people;
 * empty when nothing did. `elapsed` is the time between the readings in seconds.
 *
 * The replica's own binlog position counts only where no GTID tells of a write: a FLUSH LOGS from
 * logrotate moves it without writing anything.
 */
export function whatMoved(before: Coordinates, after: Coordinates, elapsed: number): string[] {
  const moved: string[] = [];
  const compare = (what: string, was: unknown, is: unknown) => {
    const [a, b] = [JSON.stringify(was), JSON.stringify(is)];
    if (a !== b) moved.push(`${what} was ${a}, is ${b}`);
  };

  compare('server', before.serverUuid, after.serverUuid);
  // Uptime counts whole seconds, hence the slack.
  if (after.uptime - before.uptime < Math.floor(elapsed) - 3 || after.uptime < before.uptime) {
    moved.push(`the server was restarted (up ${after.uptime} s)`);
  }
  compare('number of SQL thread starts', before.applierStarts, after.applierStarts);
  compare('running SQL threads', before.running, after.running);
  for (const [name, value] of Object.entries(before.gtidMarks)) {
    compare(name, value, after.gtidMarks[name]);
  }
  compare('channels', before.channels.map(nameOf), after.channels.map(nameOf));
  for (const channel of before.channels) {
    const now = after.channels.find((other) => other.name === channel.name);
    const of = channel.name === '' ? '' : ` of channel ${channel.name}`;
    compare(`source position${of}`, channel.source, now?.source);
    compare(`relay log position${of}`, channel.relay, now?.relay);
  }
  if (before.gtid === null) compare('own binlog position', before.ownBinlog, after.ownBinlog);
  return moved;
}

function nameOf(channel: { name: string }): string {
  return channel.name;
}
