import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';

const parse = (text: string) => parseConfig(text, { shown: 'x.yaml', directory: '/etc' });

describe('several replicas', () => {
  const pairWith = (yaml: string) => `pairs:
  shop:
    source: { user: u }
${yaml}
stores: { main: { type: file, path: /srv } }
`;

  test('each has a preference, and may be paused', () => {
    const { pairs } = parse(
      pairWith(
        '    replicas: { east: { user: u }, west: { user: u, preference: 3, backups: false } }',
      ),
    );
    expect(pairs['shop']?.replicas).toMatchObject({
      east: { preference: 0, backups: true, connectTimeout: 10 },
      west: { preference: 3, backups: false },
    });
  });

  test.each([
    ['neither', '    label: x', /missing key "replica" in pairs.shop: or replicas, by name/],
    ['both', '    replica: { user: u }\n    replicas: { a: { user: u } }', /not both/],
    ['none', '    replicas: {}', /expected at least one replica/],
    [
      'an unknown key',
      '    replicas: { a: { user: u, preferense: 1 } }',
      /unknown key "preferense".*did you mean "preference"/,
    ],
    ['no user', '    replicas: { a: { host: h } }', /missing key "user" in pairs.shop.replicas.a/],
  ])('refused: %s', (_, yaml, message) => {
    expect(() => parse(pairWith(yaml))).toThrow(message);
  });
});
