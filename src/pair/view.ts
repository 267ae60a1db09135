import type { BinlogPosition, ChannelStatus } from '../dialect/dialect.js';
import { number } from '../dialect/rows.js';
import { channelsOf } from './channels.js';
import { gtidStateOf, historyOf, ownPosition } from './position.js';
import type { Server } from './server.js';

/** How one server is at a moment. */
export interface ServerView {
  /** Whether accounts without special privileges may write to it. */
  takesWrites: boolean;
  /** `super_read_only`; null where the server has no such thing. */
  superReadOnly: boolean | null;
  serverId: number;
  /** Where its own binary log stands; null when it writes none. */
  binlog: BinlogPosition | null;
  /** What it has applied, or for a source written, as GTIDs; null where there are none. */
  gtid: { applied: string | null; written: string | null };
  /** Every GTID in its data, as {@link Dialect.gtidHistory} answers it. */
  history: string;
  channels: ChannelStatus[];
}

/** Looks at a server; changes nothing. What it has comes before where its channels are. */
export async function viewOf(server: Server): Promise<ServerView> {
  const { dialect } = server;
  const [flags] = await server.query(
    `SELECT writable, @@GLOBAL.server_id AS id${dialect.superReadOnly ? ', @@GLOBAL.super_read_only AS super' : ''} FROM (${dialect.writable()}) AS w`,
  );
  const channels = await channelsOf(server);
  const history = await historyOf(server);
  const { applied, written } = await gtidStateOf(server);
  const binlog = await ownPosition(server);
  return {
    takesWrites: number(flags ?? {}, 'writable') === 1,
    superReadOnly: dialect.superReadOnly ? number(flags ?? {}, 'super') === 1 : null,
    serverId: number(flags ?? {}, 'id') ?? 0,
    binlog,
    gtid: { applied, written },
    history,
    channels,
  };
}
