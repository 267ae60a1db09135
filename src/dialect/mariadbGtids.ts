import type { Row } from './dialect.js';
import { literal } from './quote.js';
import { text } from './rows.js';

/**
 * A history is what a server has logged, the last number of each server in each domain, and after a bar
 * the last that it has applied of each domain. `0-1-101 to 0-1-105`.
 */
export function beyond(a: string, b: string): string {
  const [logged = '', applied = ''] = b.split('|');
  const known = lastOfEach(logged, ({ domain, server }) => `${domain}-${server}`);
  // Whoever has applied one number of a domain has all lower ones, whichever server gave them.
  const floors = lastOfEach(applied, ({ domain }) => domain);
  const mine = lastOfEach(a.replace('|', ','), ({ domain, server }) => `${domain}-${server}`);
  const found = [...mine].flatMap(([of, last]) => {
    const floor = floors.get(of.split('-')[0] ?? '') ?? 0;
    const first = Math.max(known.get(of) ?? 0, floor) + 1;
    if (first > last) return [];
    return [first === last ? `${of}-${last}` : `${of}-${first} to ${of}-${last}`];
  });
  return found.join(', ');
}

/** What the oldest binary log that is left begins after is the least that a replica must have. */
export async function whyNotFrom(
  ask: (sql: string) => Promise<Row[]>,
  gtid: string,
): Promise<string> {
  const [oldest] = await ask('SHOW BINARY LOGS');
  const file = literal(text(oldest ?? {}, 'Log_name'));
  const [row = {}] = await ask(
    `SELECT BINLOG_GTID_POS(${file}, 4) AS least, @@GLOBAL.gtid_binlog_pos AS most`,
  );
  const ofDomain = ({ domain }: { domain: string }) => domain;
  const least = lastOfEach(text(row, 'least'), ofDomain);
  const most = lastOfEach(text(row, 'most'), ofDomain);
  const has = lastOfEach(gtid, ofDomain);
  for (const [domain, first] of least)
    if (first > (has.get(domain) ?? 0))
      return `its binary logs up to number ${first} of domain ${domain} are gone`;
  for (const [domain, last] of has)
    if (last > (most.get(domain) ?? 0)) return `it never had number ${last} of domain ${domain}`;
  // A replica that was seeded by others may have begun after a GTID without a word of it.
  const untold = [...has].filter(([domain]) => !least.has(domain));
  const firsts = untold.length > 0 ? await firstsIn(ask, file) : new Map<string, number>();
  for (const [domain, last] of untold)
    if ((firsts.get(domain) ?? 0) > last)
      return `its binary logs begin after number ${last} of domain ${domain}`;
  return '';
}

/** Enough to find the first GTID of a domain, unless another one has written all of them. */
const eventsToLookAt = 1000;

async function firstsIn(
  ask: (sql: string) => Promise<Row[]>,
  file: string,
): Promise<Map<string, number>> {
  const firsts = new Map<string, number>();
  for (const row of await ask(`SHOW BINLOG EVENTS IN ${file} LIMIT ${eventsToLookAt}`)) {
    const [, domain = '', number = ''] = /GTID (\d+)-\d+-(\d+)/.exec(text(row, 'Info')) ?? [];
    if (text(row, 'Event_type') === 'Gtid' && !firsts.has(domain))
      firsts.set(domain, Number(number));
  }
  return firsts;
}

/** The servers of a domain share its numbers. */
export function countOf(beyond: string): number {
  const spans = new Map<string, { first: number; last: number }>();
  for (const [, domain = '', first, last = first] of beyond.matchAll(
    /(\d+)-\d+-(\d+)(?: to \d+-\d+-(\d+))?/g,
  )) {
    const { first: low, last: high } = spans.get(domain) ?? { first: Infinity, last: 0 };
    spans.set(domain, { first: Math.min(low, Number(first)), last: Math.max(high, Number(last)) });
  }
  return [...spans.values()].reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The highest number by what `of` answers. */
function lastOfEach(
  gtids: string,
  of: (gtid: { domain: string; server: string }) => string,
): Map<string, number> {
  const last = new Map<string, number>();
  for (const gtid of gtids.split(',').filter((one) => one !== '')) {
    const [domain = '', server = '', number = '0'] = gtid.split('-');
    const key = of({ domain, server });
    last.set(key, Math.max(last.get(key) ?? 0, Number(number)));
  }
  return last;
}
