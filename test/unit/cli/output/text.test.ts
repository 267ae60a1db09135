import { expect, test } from 'vitest';
import { fieldsText } from '../../../../src/cli/output/text.js';

test('fields stand under each other', () => {
  expect(
    fieldsText([
      ['pair', 'shop'],
      ['source position', 'bin.1:4'],
      ['', 'x'],
    ]),
  ).toBe('  pair             shop\n' + '  source position  bin.1:4\n' + '                   x');
});
