import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { engine, pair, tools } from '../rig/shared.js';
import { onlySmall, setUp, smallShop } from '../support/cli.js';

beforeAll(smallShop);

test('what init writes is enough: the account, doctor, a backup', async () => {
  const setup = await setUp();
  const { folder } = setup;
  const file = join(folder, 'new.yaml');
  const at = (port: number) => `127.0.0.1:${port}`;
  const flags = [
    ...['--source', at(pair.source.port), '--replica', at(pair.replica.port), '-o', file],
    ...['--store', join(folder, 'made'), '--flavour', engine, '--user', "new o'ne"],
  ];
  const made = (await setup.ok('init', ...flags, '--json')).json as Record<string, string>;
  const secret = (await readFile(made['password']!, 'utf8')).trim();
  expect(JSON.stringify(made)).not.toContain(secret);
  for (const name of ['password', 'account']) {
    expect((await stat(made[name]!)).mode & 0o777).toBe(0o600);
  }

  await pair.source.query(await readFile(made['account']!, 'utf8'));
  onTestFinished(async () => {
    await pair.source.query("DROP USER 'new o''ne'@'%'");
    await pair.waitForCatchUp();
  });
  await pair.waitForCatchUp();
  // The clients of two kinds of servers are on this machine.
  const document = parse(await readFile(file, 'utf8')) as { pairs: { main: object } };
  await writeFile(
    file,
    stringify({
      ...document,
      pairs: {
        main: {
          ...document.pairs.main,
          ...onlySmall,
          tools: { mysqldump: tools.mysqldump, mysql: tools.mysql, mysqld: tools.server },
        },
      },
      stateDir: join(folder, 'state'),
    }),
  );
  const checked = (await setup.ok('doctor', '-c', file, '--json')).json as {
    findings: unknown[];
  }[];
  expect(checked[0]!.findings).toContainEqual(
    expect.objectContaining({ name: 'grants', status: 'ok' }),
  );
  await setup.ok('backup', '-c', file);

  const again = await setup.run('init', ...flags);
  expect(again.status).toBe(10);
  expect(again.stderr).toMatch(/new\.yaml is there already\nhint: /);
});
