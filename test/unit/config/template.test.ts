import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { configText } from '../../../src/config/template.js';

const answers = { pair: 'shop', source: 'db1', replica: 'db2:3307', user: 'u', store: '/srv/b' };
const parsed = (over: Partial<typeof answers>) =>
  parseConfig(configText({ ...answers, ...over }, 'pw'), { shown: 'x', directory: '/etc' });

test('what is written loads', () => {
  const { pairs, stores } = parsed({});
  expect(pairs['shop']).toMatchObject({
    source: { host: 'db1', user: 'u', passwordFile: '/etc/pw' },
    replica: { host: 'db2', port: 3307 },
  });
  expect(stores['main']).toMatchObject({ type: 'file', path: '/srv/b' });
});

test.each(['true', '1e3', 'o\'n"e', 'a: b', '#x', 'null', 'ü{}', '5'])('the user %s', (user) => {
  expect(parsed({ user }).pairs['shop']?.source.user).toBe(user);
});

test.each([
  ['file:///srv/my%20b', { type: 'file', path: '/srv/my b' }],
  ['s3://b', { bucket: 'b' }],
  ['s3://b/p/q/', { bucket: 'b', prefix: 'p/q' }],
])('the store %s', (store, expected) => {
  expect(parsed({ store }).stores['main']).toEqual(expect.objectContaining(expected));
});

test('an address of IPv6', () => {
  expect(parsed({ source: '[::1]:3310' }).pairs['shop']?.source).toMatchObject({
    host: '::1',
    port: 3310,
  });
});

test.each([{ source: 'a b' }, { replica: ':1' }, { store: 's3://' }, { store: 'file://far/b' }])(
  '%j is refused',
  (over) => {
    expect(() => parsed(over)).toThrow(/is no /);
  },
);
