import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { execa } from 'execa';
import { setTimeout as pause } from 'node:timers/promises';
import { backupPassword } from '../rig/index.js';
import { onlySmall, s3Environment, setUp, smallShop } from '../support/cli.js';
import { fakeMysqldump } from '../support/fakeMysqldump.js';

beforeAll(smallShop);

const forms = [
  backupPassword,
  encodeURIComponent(backupPassword),
  JSON.stringify(backupPassword).slice(1, -1),
];
const shows = (text: string) => forms.some((form) => text.includes(form));

/** Looks at every process's arguments and environment until told to stop; returns where it saw it. */
async function watchProcesses(until: {
  done: boolean;
}): Promise<{ seen: string[]; looked: Set<string> }> {
  const seen: string[] = [];
  const looked = new Set<string>();
  while (!until.done) {
    const pids = (await readdir('/proc')).filter(
      (name) => /^\d+$/.test(name) && name !== String(process.pid),
    );
    for (const pid of pids) {
      for (const file of ['cmdline', 'environ']) {
        const text = await readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
        if (file === 'cmdline') looked.add(text.replaceAll('\0', ' '));
        if (shows(Buffer.from(text, 'latin1').toString('utf8'))) seen.push(`${file} of ${pid}`);
      }
    }
    await pause(1);
  }
  return { seen, looked };
}

test('the password is in no argument, environment, output or stored byte', async () => {
  // Slow enough to be seen.
  const tools = await fakeMysqldump('sleep 0.5; REAL');
  const setup = await setUp({ pair: { ...onlySmall, tools } });
  const until = { done: false };
  const watching = watchProcesses(until);
  const ended = await setup.run('backup', '-v');
  const restored = await setup.run('restore', 'latest', '--to', 'third', '--dry-run', '-v');
  until.done = true;
  const { seen, looked } = await watching;

  expect(ended.status).toBe(0);
  expect(seen).toEqual([]);
  // The watch was quick enough to see what it is about.
  expect([...looked].some((line) => /--defaults-file=.*--no-create-info/.test(line))).toBe(true);
  for (const text of [ended.stdout, ended.stderr, restored.stdout, restored.stderr]) {
    expect(shows(text)).toBe(false);
  }
  for (const entry of await readdir(setup.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'password') continue;
    const path = join(entry.parentPath, entry.name);
    const text = path.endsWith('.zst')
      ? (await execa('zstd', ['-dc', path])).stdout
      : await readFile(path, 'utf8');
    expect(shows(text), path).toBe(false);
  }
});

test('an error that quotes the password does not show it', async () => {
  const wrong = `${backupPassword}, but wrong`;
  const replica = { host: '127.0.0.1', port: 1, user: wrong, password: wrong };
  const setup = await setUp({ pair: { ...onlySmall, replica } });
  const ended = await execa('node', ['bin/stillpoint.js', '-c', setup.file, 'backup', '--json'], {
    reject: false,
    env: s3Environment(),
  });
  expect(ended.exitCode).toBe(1);
  expect(shows(ended.stdout + ended.stderr)).toBe(false);
});
