import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Coordinates } from '../../../src/freeze/coordinates.js';
import { whatMoved } from '../../../src/freeze/fence.js';

function channel(name: string): Coordinates['channels'][number] {
  return {
    name,
    host: 'db1',
    port: 3306,
    source: { file: 'bin.000002', position: 900 },
    relay: { file: 'relay.000003', position: 320 },
  };
}

const still: Coordinates = {
  channels: [channel(''), channel('west')],
  gtid: '0-1-7',
  gtidMarks: { gtid_slave_pos: '0-1-7', gtid_binlog_pos: '0-1-7' },
  ownBinlog: { file: 'own.000001', position: 154 },
  serverUuid: 'u-1',
  uptime: 1000,
  applierStarts: 4,
  running: [],
};

/** The same a minute later, with a difference. */
function later(change: Partial<Coordinates>): string[] {
  return whatMoved(still, { ...still, uptime: 1060, ...change }, 60);
}

describe('whatMoved', () => {
  test('names nothing when nothing did', () => {
    expect(later({})).toEqual([]);
  });

  const moves: [string, Partial<Coordinates>, string[]][] = [
    ['another server', { serverUuid: 'u-2' }, ['server was "u-1", is "u-2"']],
    ['a restart', { uptime: 12 }, ['the server was restarted (up 12 s)']],
    ['a start of the applier', { applierStarts: 5 }, ['number of SQL thread starts was 4, is 5']],
    ['an applier that runs', { running: [''] }, ['running SQL threads was [], is [""]']],
    [
      'a GTID mark',
      { gtidMarks: { ...still.gtidMarks, gtid_binlog_pos: '0-1-8' } },
      ['gtid_binlog_pos was "0-1-7", is "0-1-8"'],
    ],
    [
      'a GTID mark that is gone',
      { gtidMarks: { gtid_slave_pos: '0-1-7' } },
      ['gtid_binlog_pos was "0-1-7", is undefined'],
    ],
    [
      'the source position of the default channel',
      {
        channels: [
          { ...channel(''), source: { file: 'bin.000002', position: 901 } },
          channel('west'),
        ],
      },
      [
        'source position was {"file":"bin.000002","position":900}, is {"file":"bin.000002","position":901}',
      ],
    ],
    [
      'the relay log position of a named channel',
      {
        channels: [
          channel(''),
          { ...channel('west'), relay: { file: 'relay.000004', position: 4 } },
        ],
      },
      [
        'relay log position of channel west was {"file":"relay.000003","position":320}, is {"file":"relay.000004","position":4}',
      ],
    ],
    [
      'a new channel',
      { channels: [channel(''), channel('west'), channel('east')] },
      ['channels was ["","west"], is ["","west","east"]'],
    ],
    [
      'a channel that is gone',
      { channels: [channel('')] },
      [
        'channels was ["","west"], is [""]',
        'source position of channel west was {"file":"bin.000002","position":900}, is undefined',
        'relay log position of channel west was {"file":"relay.000003","position":320}, is undefined',
      ],
    ],
  ];
  test.each(moves)('names %s', (_, change, lines) => {
    expect(later(change)).toEqual(lines);
  });

  test('names everything that moved', () => {
    const all = Object.assign({}, ...moves.map(([, change]) => change)) as Partial<Coordinates>;
    expect(later(all).length).toBeGreaterThanOrEqual(Object.keys(all).length);
  });

  test('takes the own binlog into account only without GTIDs', () => {
    const ownBinlog = { file: 'own.000002', position: 4 };
    expect(later({ ownBinlog })).toEqual([]);
    const before = { ...still, gtid: null };
    expect(whatMoved(before, { ...before, uptime: 1060, ownBinlog }, 60)).toEqual([
      'own binlog position was {"file":"own.000001","position":154}, is {"file":"own.000002","position":4}',
    ]);
    expect(whatMoved(before, { ...before, uptime: 1060, ownBinlog: null }, 60)).toHaveLength(1);
  });

  test('calls no server restarted that stayed up, whatever its clock rounds', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (up, elapsed) => {
          const before = { ...still, uptime: Math.floor(up) };
          const after = { ...still, uptime: Math.floor(up + elapsed) };
          expect(whatMoved(before, after, elapsed)).toEqual([]);
        },
      ),
    );
  });

  test('sees every restart that took place more than a few seconds after the first reading', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 5, max: 1e5 }), (up, elapsed) => {
        fc.pre(up > 0);
        const after = { ...still, uptime: elapsed - 5 };
        expect(whatMoved({ ...still, uptime: up }, after, elapsed)).toContain(
          `the server was restarted (up ${after.uptime} s)`,
        );
      }),
    );
  });
});
