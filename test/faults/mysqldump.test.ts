import { beforeAll, expect, test } from 'vitest';
import { pair } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

const cases: [string, string, RegExp][] = [
  ['is killed in the middle', 'REAL | head -c 300; kill -9 $$', /was killed by SIGKILL/],
  [
    'ends with 0 but without its trailer',
    'REAL | grep -v "^-- Dump completed"',
    /without its last line/,
  ],
  ['writes the trailer but ends with 2', 'REAL; exit 2', /ended with 2/],
  [
    'says an error on stderr and ends with 0',
    'REAL; echo "mysqldump: Error 2013: Lost connection" >&2',
    /said: mysqldump: Error 2013/,
  ],
  [
    'leaves out a table and ends with 0',
    'REAL | sed "/Dumping data for table .item/,/ENABLE KEYS/d"',
    /left out the rows item/,
  ],
  ['prints nothing and ends with 0', 'exit 0', /without its last line/],
];

test.each(cases)('a mysqldump that %s fails the backup', async (_, body, cause) => {
  const setup = await setUp({ pair: { ...onlySmall, tools: await fakeMysqldump(body) } });
  const ended = await setup.run('backup');
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(cause);
  expect(ended.stderr).toContain('rows of small');
  expect(await pair.applierRunning()).toBe(true);
  expect((await setup.run('list', '--json')).json).toEqual([]);
  expect(await keysIn(setup.storePath)).toEqual([]);
});
