import { describe, expect, test } from 'vitest';
import { resolvePair } from '../../../src/config/choose.js';
import { configSchema, type Config } from '../../../src/config/schema.js';

const servers = { source: { user: 'u' }, replica: { user: 'u' } };
const config = (
  pairs: object,
  stores: object = { main: { type: 'file', path: '/b' } },
): Config => ({
  ...configSchema.parse({ pairs, stores }),
  stateDir: '/s',
  schedulesDir: '/schedules',
});

describe('resolvePair', () => {
  test('the only pair needs no name, the only store no mention', () => {
    const chosen = resolvePair(config({ shop: servers }));
    expect(chosen).toMatchObject({ name: 'shop', storeName: 'main', store: { path: '/b' } });
    expect(chosen.pair.freeze.maxLag).toBe(60);
  });

  test('takes the store that the pair names', () => {
    const stores = { main: { type: 'file', path: '/a' }, disk: { type: 'file', path: '/b' } };
    const chosen = resolvePair(config({ shop: { ...servers, store: 'disk' } }, stores), 'shop');
    expect(chosen).toMatchObject({ storeName: 'disk', store: { path: '/b' } });
  });

  test('an unknown name is a usage error with the nearest one', () => {
    expect(() => resolvePair(config({ shop: servers }), 'shpo')).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'no pair "shpo" (did you mean "shop"?)',
        hint: 'The configuration has shop.',
      }),
    );
    expect(() => resolvePair(config({ shop: servers }), 'constructor')).toThrow('no pair');
  });

  test('several pairs are a question', () => {
    const both = config({ shop: servers, blog: servers });
    expect(() => resolvePair(both)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'which pair? there are shop, blog' }),
    );
    expect(resolvePair(both, 'blog').name).toBe('blog');
  });
});
