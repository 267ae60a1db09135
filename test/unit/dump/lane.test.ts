import { expect, test, vi } from 'vitest';
import { startLane, type LanePart } from '../../../src/dump/lane.js';
import { lanesOf } from '../../../src/dump/lanes.js';
import type { CountedText } from '../../../src/dump/pipeline.js';
import { planParts, type PartPlan } from '../../../src/dump/plan.js';
import { read } from '../util/pieces.js';
import { database } from './databases.js';

const names = ['one', 'two', 'three'];
const infos = names.map((name) => database(name, { procedures: ['p'] }));
const [lane] = lanesOf(planParts(infos), infos, { namesAreSlow: false });
const procedure = (body: string) => `CREATE PROCEDURE \`p\`()\n${body} ;;\n`;
const marker = (name: string) => `\n--\n-- Current Database: \`${name}\`\n--\n\nUSE \`${name}\`;\n`;
const textOf = (bodies: readonly string[]) =>
  `-- MySQL dump\n${names.map((name, i) => marker(name) + bodies[i]!).join('')}-- Dump completed\n`;
const whole = { plainBytes: 0, storedBytes: 0, sha256: '' };
const stored = (plan: PartPlan): LanePart => ({
  ...whole,
  plan,
  warnings: ['a warning of its own'],
});

/** Runs the lane with a program that writes this text; what it has stored, and what was asked for alone. */
function run(
  text: string,
  alone: (part: PartPlan) => Promise<LanePart[]> = (part) => Promise.resolve([stored(part)]),
) {
  const ended = new AbortController();
  const texts: Record<string, string> = {};
  const asked = vi.fn(alone);
  const store = async (plan: PartPlan, its: CountedText) => {
    texts[plan.database] = (await read(its)).toString();
    return whole;
  };
  const { finished } = startLane(
    lane!,
    'objects of one, two and 1 more',
    {
      command: { file: 'printf', args: ['%s', text] },
      expected: lane!.parts.flatMap(({ expected }) => expected),
      partBytes: 1 << 30,
      signal: ended.signal,
      fail: (error) => ended.abort(error),
      alone: (part) => ({ finished: asked(part) }),
    },
    store,
    Promise.resolve(),
  );
  const askedFor = () => asked.mock.calls.map(([part]) => part.database);
  return { finished, texts, askedFor };
}

test('each part is stored with its own programs', async () => {
  const { finished, texts, askedFor } = run(textOf(['1', '2', '3'].map(procedure)));
  expect((await finished).map(({ plan }) => plan.database)).toEqual(names);
  expect(Object.keys(texts)).toEqual(names);
  expect(texts['two']).toContain(procedure('2'));
  expect(texts['two']).not.toMatch(/USE|\n[13] ;;/);
  expect(askedFor()).toEqual([]);
});

test('each part has a mysqldump of its own where a body might begin a database', async () => {
  const body = procedure(`SELECT '${marker('three')}'`);
  const { finished, texts, askedFor } = run(textOf([procedure('1'), body, procedure('3')]));
  expect(await finished).toEqual(lane!.parts.map(stored));
  expect(texts).toEqual({});
  expect(askedFor()).toEqual(names);
});

test('no further one is started when one of them fails', async () => {
  const body = procedure(`SELECT '${marker('three')}'`);
  const { finished, askedFor } = run(textOf([body, body, body]), (part) =>
    part.database === 'two' ? Promise.reject(new Error('lost')) : Promise.resolve([stored(part)]),
  );
  await expect(finished).rejects.toThrow('lost');
  expect(askedFor()).toEqual(['one', 'two']);
});

test('a program that one database has does not stand for that of another', async () => {
  const { finished, texts, askedFor } = run(textOf([procedure('1'), '', procedure('3')]));
  await expect(finished).rejects.toThrow(
    'the dump of objects of two failed: mysqldump left out the procedure p',
  );
  expect(texts).not.toHaveProperty('two');
  expect(askedFor()).toEqual([]);
});
