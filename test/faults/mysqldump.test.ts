import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { pair, tools } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';
import { keysIn } from '../support/store.js';

beforeAll(smallShop);

/** A mysqldump that is real for `--version` and everything but the rows; `body` stands for the rows. */
async function withFake(body: string) {
  const { mysqldump, mysql } = tools;
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-fake-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const fake = join(folder, 'mysqldump');
  const script = `#!/bin/bash
case " $* " in *" --no-create-info --skip-triggers "*) ;; *) exec ${mysqldump} "$@" ;; esac
${body.replaceAll('REAL', `${mysqldump} "$@"`)}
`;
  await writeFile(fake, script, { mode: 0o755 });
  return await setUp({ pair: { ...onlySmall, tools: { mysqldump: fake, mysql } } });
}

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
  const setup = await withFake(body);
  const ended = await setup.run('backup');
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(cause);
  expect(ended.stderr).toContain('rows of small');
  expect(await pair.applierRunning()).toBe(true);
  expect((await setup.run('list', '--json')).json).toEqual([]);
  expect(await keysIn(setup.storePath)).toEqual([]);
});
