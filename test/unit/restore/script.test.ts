import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Manifest, ManifestPart } from '../../../src/catalog/records.js';
import { restoreScript } from '../../../src/restore/script.js';
import { hostileNames } from '../../rig/hostile/names.js';
import { exampleManifest, examplePart, exampleRecord } from '../catalog/examples.js';
import { ownFolder } from '../util/folder.js';

const run = promisify(execFile);
const zstd = (text: string) => execFileSync('zstd', ['-q', '-c'], { input: text });
const kinds: ManifestPart['kind'][] = ['schema', 'data', 'objects', 'views', 'accounts'];

async function parses(script: string): Promise<void> {
  const path = join(await ownFolder(), 'restore.sh');
  await writeFile(path, script);
  const { stderr } = await run('bash', ['-n', path]);
  expect(stderr).toBe('');
}

describe('bash takes the script', () => {
  const everything = exampleManifest(
    { shop: ['orders'] },
    kinds.map((kind) => examplePart(kind, kind === 'accounts' ? '' : 'shop', ['orders'])),
  );
  test.each([
    ['of everything', everything],
    ['of an empty backup', exampleManifest({})],
    ['of a database without parts', exampleManifest({ shop: [] })],
    ...kinds.map((kind): [string, Manifest] => [
      `without ${kind}`,
      { ...everything, parts: everything.parts.filter((part) => part.kind !== kind) },
    ]),
  ])('%s', async (_, manifest) => {
    await parses(restoreScript(exampleRecord, manifest));
    await parses(restoreScript({ ...exampleRecord, flavour: 'mysql', encrypted: true }, manifest));
  });

  test.each(hostileNames)('of a database called %j', async (name) => {
    const parts = kinds.map((kind) => examplePart(kind, kind === 'accounts' ? '' : name));
    await parses(restoreScript(exampleRecord, exampleManifest({ [name]: [] }, parts)));
  });
});

describe('a name that would be a command', () => {
  test.each(['x\nEND_OF_DATABASES\nexit 7\n: ', "x'; exit 7; '", '$(exit 7)`exit 7`'])(
    '%j is none',
    async (name) => {
      const parts = kinds.map((kind) => examplePart(kind, kind === 'accounts' ? '' : name));
      const path = join(await ownFolder(), 'restore.sh');
      const databases = restoreScript(exampleRecord, exampleManifest({ [name]: [] }, parts));
      const client = join(await ownFolder(), 'client');
      await writeFile(client, '#!/bin/sh\nexec cat >/dev/null\n', { mode: 0o755 });
      // Up to the loading of parts, which are not there.
      await writeFile(path, databases.split('\nload ')[0] ?? '');
      await run('bash', [path], { env: { ...process.env, MYSQL: client } });
    },
  );
});

describe('the script that is run', () => {
  /** A store with parts of `databases`, and a client program that writes down what it is given. */
  async function stage(databases: readonly string[]) {
    const folder = await ownFolder();
    const parts: ManifestPart[] = [];
    for (const database of ['', ...databases])
      for (const kind of kinds.filter((kind) => (kind === 'accounts') === (database === ''))) {
        const text = `-- ${kind} of ${database}\n`;
        const body = zstd(text);
        const part = {
          ...examplePart(kind, database),
          bytes: body.length,
          sha256: createHash('sha256').update(body).digest('hex'),
        };
        await mkdir(dirname(join(folder, part.key)), { recursive: true });
        await writeFile(join(folder, part.key), body);
        parts.push(part);
      }
    const manifest = exampleManifest(
      Object.fromEntries(databases.map((name) => [name, []])),
      parts,
    );
    const script = join(folder, exampleRecord.script.key);
    await writeFile(script, restoreScript(exampleRecord, manifest));
    const client = join(folder, 'client');
    await writeFile(
      client,
      `#!/bin/bash\n{ printf '%s\\0' "$@" '--'; cat; printf '\\0'; } >>${folder}/log\n`,
      { mode: 0o755 },
    );
    const start = async (env: Record<string, string> = {}, ...options: string[]) =>
      await run('bash', [script, ...options], {
        cwd: folder,
        env: { PATH: process.env['PATH'], MYSQL: client, ...env },
      });
    /** Every run of the client: its database, and what it was given to run. */
    const runs = async () => {
      const words = (await readFile(join(folder, 'log'), 'utf8')).split('\0');
      return words.flatMap((word, i) => {
        if (words[i - 1] !== '--') return [];
        const before = words.slice(0, i - 1);
        const own = before.slice(before.lastIndexOf('--') + 1);
        const database = own.find((option) => option.startsWith('--database='));
        return [{ options: own, database: database?.slice('--database='.length), sql: word }];
      });
    };
    return { folder, parts, start, runs };
  }

  test('names every database as it is called, and loads in order', async () => {
    const stageOf = await stage(hostileNames);
    const { stdout, stderr } = await stageOf.start({}, '--defaults-file=my file.cnf');
    expect(stdout).toBe('');
    expect(stderr).toContain('source position  900');
    const [first, ...loads] = await stageOf.runs();
    for (const name of hostileNames)
      expect(first?.sql).toContain(`CREATE DATABASE \`${name.replaceAll('`', '``')}\`;\n`);
    for (const load of [first!, ...loads])
      expect(load.options).toContain('--defaults-file=my file.cnf');
    const wanted = ['schema', 'data', 'objects', 'views'].flatMap((kind) =>
      hostileNames.map((name) => ({ database: name, sql: `-- ${kind} of ${name}\n` })),
    );
    expect(loads.map(({ database, sql }) => ({ database, sql }))).toEqual(wanted);
  });

  test('loads the parts with sequences first', () => {
    const parts = [examplePart('schema', 'a', ['t']), examplePart('schema', 'b', ['t', 's'])];
    const manifest = exampleManifest({ a: ['t'], b: ['t', 's'] }, parts);
    manifest.tables.find(({ name }) => name === 's')!.engine = 'SEQUENCE';
    const script = restoreScript(exampleRecord, manifest);
    expect(script.indexOf(parts[1]!.key)).toBeLessThan(script.indexOf(parts[0]!.key));
  });

  test('loads accounts only on request', async () => {
    const one = await stage(['shop']);
    await one.start();
    expect((await one.runs()).map(({ sql }) => sql)).not.toContain('-- accounts of \n');
    const other = await stage(['shop']);
    await other.start({ STILLPOINT_ACCOUNTS: '1' });
    expect((await other.runs()).at(-1)).toMatchObject({
      database: undefined,
      sql: '-- accounts of \n',
    });
  });

  test('stops before a part that is damaged', async () => {
    const { folder, parts, start, runs } = await stage(['shop']);
    const data = parts.find((part) => part.kind === 'data')!;
    await writeFile(join(folder, data.key), zstd('DROP DATABASE shop'));
    await expect(start()).rejects.toMatchObject({ code: 1 });
    expect((await runs()).map(({ sql }) => sql).slice(1)).toEqual(['-- schema of shop\n']);
  });

  test('finds the store where it lies elsewhere', async () => {
    const { folder, runs, start } = await stage(['shop']);
    await start({ STILLPOINT_STORE: folder });
    expect(await runs()).toHaveLength(5);
    await expect(start({ STILLPOINT_STORE: join(folder, 'nowhere') })).rejects.toMatchObject({
      code: 1,
    });
  });
});
