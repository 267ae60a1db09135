import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';

const parse = (...lines: string[]) =>
  parseConfig(
    `pairs:
  shop:
    source: { user: u }
    replica: { user: u }
${lines.map((line) => `    ${line}\n`).join('')}stores: { main: { type: file, path: /b } }
`,
    { shown: 'stillpoint.yaml', directory: '/etc/stillpoint' },
  );

test('two writers are locked for the pause: freeze.exclusive cannot be false', () => {
  expect(() => parse('topology: source-source', 'freeze: { exclusive: false }')).toThrow(
    '6:26: pairs.shop.freeze.exclusive: a node that takes writes is locked for the pause: leave it out, or true',
  );
  parse('freeze: { exclusive: false }');
  parse('topology: source-source', 'freeze: { exclusive: true }');
});
