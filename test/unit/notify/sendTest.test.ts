import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notifyOf } from '../../../src/config/choose.js';
import type { TestOutcome } from '../../../src/notify/outcome.js';
import { sendTest } from '../../../src/notify/sendTest.js';
import { systemClock } from '../../../src/util/clock.js';
import { closedPort, listen } from '../../support/listener.js';
import { notifying } from '../../support/notifying.js';
import { ownFolder } from '../util/folder.js';

const token = '0c8983c9-9d73-446f-adb5-0641fdacc9d4';

async function send(notify: object, folder?: string) {
  const config = notifying(folder ?? (await ownFolder()), notify);
  return await sendTest(notifyOf(config, 'shop'), 'shop', systemClock);
}

describe('a heartbeat', () => {
  test('gets the test once for each check, as a line of its log and as no ping', async () => {
    const check = await listen();
    const heartbeat = {
      url: `${check.url}/all-{action}`,
      drill: `${check.url}/${token}/?create=1`,
    };
    const tests = await send({ heartbeat });
    expect(tests.map(({ actions }) => actions)).toEqual([
      ...[['backup'], ['snapshot'], ['drill'], ['prune']],
    ]);
    expect(tests[0]).toMatchObject({ channel: 'heartbeat', status: 'arrived', answer: 200 });
    const paths = check.heard.map(({ path }) => path.replace(/&?rid=[0-9a-f-]{36}$/, ''));
    expect(paths.toSorted()).toEqual([
      `/${token}/log?create=1`,
      '/all-backup/log?',
      '/all-prune/log?',
      '/all-snapshot/log?',
    ]);
    expect(check.heard[0]).toMatchObject({
      method: 'POST',
      body: expect.stringMatching(/^This is a test, .* nothing ran/) as string,
    });
  });

  test('of a service without a log gets nothing else', async () => {
    const check = await listen(() => 404);
    const [only, ...more] = await send({ heartbeat: `${check.url}/${token}` });
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      status: 'failed',
      detail: `${new URL(check.url).host} answered 404`,
      hint: expect.stringContaining('none was sent') as string,
    });
    expect(check.heard.map(({ path }) => path.replace(/\?.*/, ''))).toEqual([`/${token}/log`]);
  });
});

describe('a webhook', () => {
  test('gets a document that says it is a test, also where it hears of failures only', async () => {
    const hook = await listen();
    const tests = await send({ webhook: { url: `${hook.url}/{action}`, on: 'failure' } });
    expect(tests).toMatchObject([{ channel: 'webhook', status: 'arrived', answer: 200 }]);
    const [{ path, body } = { path: '', body: '' }] = hook.heard;
    expect(path).toBe('/backup');
    expect(JSON.parse(body) as TestOutcome).toMatchObject({
      ...{ event: 'notify.test', action: 'test', status: 'test', pair: 'shop', exit: 0 },
      ...{ error: null, record: null },
    });
  });

  test('of Slack gets a message that says so', async () => {
    const hook = await listen();
    await send({ webhook: { url: hook.url, format: 'slack' } });
    const { text } = JSON.parse(hook.heard[0]!.body) as { text: string };
    expect(text).toMatch(/^\*stillpoint: a test of shop\* on .*\nThis is a test, /);
  });

  test('that refuses, hangs or is not there: its neighbours hear of it all the same', async () => {
    const [hanging, hook] = [await listen(() => 'hang'), await listen(() => 410)];
    const heartbeat = `http://127.0.0.1:${await closedPort()}/${token}`;
    const refused = await send({ heartbeat, webhook: `${hook.url}/${token}` });
    expect(refused.map(({ status, detail }) => [status, detail])).toEqual([
      ['failed', `${new URL(heartbeat).host} refused the connection`],
      ['failed', `${new URL(hook.url).host} answered 410`],
    ]);
    const command = ['sh', '-c', 'cat >/dev/null'];
    const late = await send({ webhook: hanging.url, command, timeout: '2s' });
    expect(late.map(({ status, detail }) => [status, detail])).toEqual([
      ['failed', 'it took longer than 2 s'],
      ['arrived', 'sh ended with 0'],
    ]);
  });
});

test('a command gets the document; what it says when it fails is shown', async () => {
  const folder = await ownFolder();
  const file = join(folder, 'got');
  const into = `require('fs').writeFileSync(${JSON.stringify(file)}, require('fs').readFileSync(0))`;
  expect(await send({ command: [process.execPath, '-e', into] })).toMatchObject([
    { channel: 'command', status: 'arrived', answer: null },
  ]);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ event: 'notify.test' });
  const fails = `console.error('no mail today'); process.exitCode = 3`;
  expect(await send({ command: [process.execPath, '-e', fails] })).toMatchObject([
    { status: 'failed', detail: 'it ended with 3: no mail today' },
  ]);
});

test('the metrics file is not touched', async () => {
  const folder = await ownFolder();
  const metricsFile = join(folder, 'stillpoint.prom');
  await writeFile(metricsFile, 'as it was\n');
  expect(await send({ metricsFile }, folder)).toMatchObject([
    { channel: 'metricsFile', status: 'untouched' },
  ]);
  expect(await readFile(metricsFile, 'utf8')).toBe('as it was\n');
  expect(await readdir(folder)).toEqual(['stillpoint.prom']);
});
