import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SnapshotResult } from '../../src/snapshot.js';
import { waitFor } from '../../src/util/wait.js';
import { emptyServer } from '../rig/index.js';
import { pair, target } from '../rig/shared.js';
import { onlySmall, s3Environment, setUp, smallShop, startSql, stopSql } from '../support/cli.js';

beforeEach(smallShop);

/** Keeps the replica from applying what is written to `small.item`, until it is called. */
async function holdApplier(): Promise<() => Promise<void>> {
  const holder = await pair.replica.connect();
  await holder.query('LOCK TABLES small.item READ');
  return async () => await holder.end();
}

async function appliersRun(): Promise<boolean> {
  const [row] = await pair.replica.query<Record<string, string>>('SHOW REPLICA STATUS');
  return (row!['Replica_SQL_Running'] ?? row!['Slave_SQL_Running']) === 'Yes';
}

describe('the barrier', () => {
  test('what was committed before is in it, also when the replica is behind', async () => {
    const setup = await setUp({ pair: onlySmall });
    const release = await holdApplier();
    await pair.source.query("INSERT INTO small.item VALUES (4, 'committed before')");
    const running = execa(
      process.execPath,
      ['bin/stillpoint.js', '-c', setup.file, 'snapshot', 'before'],
      { env: s3Environment(), reject: false },
    );
    let said = '';
    running.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const isWaiting = () => Promise.resolve(said.includes('waiting for the replica') || null);
    expect(await waitFor(isWaiting, { within: 30 })).toBe(true);
    expect(said).not.toContain('paused');
    await release();
    const ended = await running;
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/holds +all that the source had committed: \S+/);
    expect(ended.stdout).toMatch(/pinned +until 20/);
    await emptyServer(target);
    await setup.ok('restore', 'before', '--to', 'third');
    expect(await target.query('SELECT name FROM small.item WHERE id = 4')).toEqual([
      { name: 'COMMITTED BEFORE' },
    ]);
  });

  test('a replica that does not get there in time: exit 10, and nothing was paused', async () => {
    const setup = await setUp({ pair: onlySmall });
    const release = await holdApplier();
    try {
      await pair.source.query("INSERT INTO small.item VALUES (4, 'four')");
      const marker = join(setup.folder, 'ran');
      const ended = await setup.run('snapshot', 'x', '--wait', '1s', '--', 'touch', marker);
      expect(ended.status).toBe(10);
      expect(ended.stderr).toMatch(/the replica of shop has not reached \S+ within 1 s/);
      expect(ended.stderr).toContain('Nothing was paused.');
      expect(existsSync(marker)).toBe(false);
      expect(await appliersRun()).toBe(true);
      expect((await setup.run('list', '--json')).json).toEqual([]);
    } finally {
      await release();
    }
    await pair.waitForCatchUp();
  });

  test('a replica whose SQL thread is stopped is refused at once', async () => {
    const setup = await setUp({ pair: onlySmall });
    await pair.replica.query(stopSql);
    try {
      await pair.source.query("INSERT INTO small.item VALUES (4, 'four')");
      const ended = await setup.run('snapshot', 'x', '--wait', '1h');
      expect(ended.status).toBe(10);
      expect(ended.stderr).toContain('will not catch up: the SQL thread is stopped');
    } finally {
      await pair.replica.query(startSql);
    }
    await pair.waitForCatchUp();
  });
});

describe('with a command', () => {
  test('it runs once the backup is committed, and knows its id; its exit status is ours', async () => {
    const setup = await setUp({ pair: onlySmall });
    const bin = new URL('../../bin/stillpoint.js', import.meta.url).pathname;
    const script = `"$0" "$1" -c "$2" show "$STILLPOINT_BACKUP_ID" >&2 && exit 0`;
    const argv = ['sh', '-c', script, process.execPath, bin, setup.file];
    const ended = await setup.ok('--json', 'snapshot', 'with', '--keep', 'forever', '--', ...argv);
    const taken = ended.json as SnapshotResult & { command: unknown };
    expect(ended.stderr).toContain(taken.id);
    expect(taken).toMatchObject({
      label: 'with',
      pinnedUntil: null,
      databases: ['small'],
      command: { argv, exit: 0 },
    });
  });

  test('that fails: its status, and the lines that bring back what was before', async () => {
    const setup = await setUp({
      pair: onlySmall,
      top: {
        targets: {
          third: { socketPath: target.socketPath, user: 'root' },
          primary: { host: '127.0.0.1', port: pair.source.port, user: 'root' },
        },
      },
    });
    const ended = await setup.run('snapshot', 'x', '--', 'sh', '-c', 'exit 7');
    expect(ended.status).toBe(7);
    const [{ id }] = (await setup.run('list', '--json')).json as [{ id: string }];
    const line = `stillpoint -c ${setup.file} restore ${id} --to`;
    expect(ended.stderr.split('\n').slice(-5)).toEqual([
      `stillpoint: the command ended with 7; what was before it is in ${id}`,
      'into another server:',
      `  ${line} third`,
      'in place of what is there now:',
      `  ${line} primary --replace small --into-pair-member`,
    ]);
  });

  test('the line for in place does what it says, on both members', async () => {
    const setup = await setUp({
      pair: onlySmall,
      top: { targets: { primary: { socketPath: pair.source.socketPath, user: 'root' } } },
    });
    const break_ = ['mysql', 'not there'];
    const ended = await setup.run('--json', 'snapshot', 'x', '--', 'sh', '-c', 'exit 1', ...break_);
    expect(ended.status).toBe(1);
    const { id } = ended.json as SnapshotResult;
    await pair.source.query('DROP TABLE small.item; CREATE TABLE small.half_done (id INT)');
    const replace = ['--replace', 'small', '--into-pair-member', '--yes'];
    await setup.ok('restore', id, '--to', 'primary', ...replace);
    await pair.waitForCatchUp();
    for (const server of [pair.source, pair.replica]) {
      expect(await server.query('SELECT COUNT(*) AS n FROM small.item')).toEqual([{ n: 3 }]);
      await expect(server.query('SELECT * FROM small.half_done')).rejects.toThrow();
    }
  });

  test('that hangs and is interrupted: it ends, and the lines are there', async () => {
    const setup = await setUp({ pair: onlySmall });
    const marker = join(setup.folder, 'runs');
    const script = `trap 'exit 9' TERM; touch "$0"; while :; do sleep 0.1; done`;
    const running = execa(
      process.execPath,
      ['bin/stillpoint.js', '-c', setup.file, 'snapshot', 'x', '--', 'sh', '-c', script, marker],
      { env: s3Environment(), reject: false },
    );
    const runs = () => Promise.resolve(existsSync(marker) || null);
    expect(await waitFor(runs, { within: 60 })).toBe(true);
    running.kill('SIGTERM');
    const ended = await running;
    expect(ended.exitCode).toBe(143);
    expect(ended.stderr).toContain('the command ended with 9; what was before it is in 2');
    expect(await appliersRun()).toBe(true);
  });

  test('that does not exist', async () => {
    const setup = await setUp({ pair: onlySmall });
    const ended = await setup.run('snapshot', 'x', '--', '/not/there');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('cannot run /not/there');
  });

  test('a second word that follows no -- is not run', async () => {
    const setup = await setUp({ pair: onlySmall });
    const ended = await setup.run('snapshot', 'before', 'touch');
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain('what is "touch" after the label?');
  });
});

test('a label of any characters finds it again', async () => {
  const setup = await setUp({ pair: onlySmall });
  const label = `before "ü"/../$(id) ; -- 😀`;
  await setup.ok('snapshot', label, '-q');
  expect((await setup.ok('show', label)).stdout).toContain('pair');
});
