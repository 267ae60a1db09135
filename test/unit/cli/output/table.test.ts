import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tableText } from '../../../../src/cli/output/table.js';

describe('tableText', () => {
  test('aligns columns, some of them to the right', () => {
    const rows = [
      ['shop', '643.1 MB', 'nightly'],
      ['warehouse', '1 B', ''],
    ];
    expect(tableText(['PAIR', 'SIZE', 'LABEL'], rows, ['SIZE'])).toBe(
      'PAIR           SIZE  LABEL\n' + 'shop       643.1 MB  nightly\n' + 'warehouse       1 B',
    );
  });

  test('shows only its head when there is no row', () => {
    expect(tableText(['ID', 'LABEL'], [])).toBe('ID  LABEL');
  });

  test('takes wide characters for two', () => {
    expect(
      tableText(
        ['A', 'B'],
        [
          ['漢', 'x'],
          ['a', 'y'],
        ],
      ),
    ).toBe('A   B\n漢  x\na   y');
  });

  test('has a line for every row, no cell cut or coloured', () => {
    const cell = fc.stringMatching(/^[ -~]{0,30}$/).map((text) => text.trim());
    const rows = fc.array(fc.tuple(cell, cell, fc.stringMatching(/^[a-z]{1,5}$/)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(rows, (rows) => {
        const lines = tableText(['FIRST', 'SECOND', 'THIRD'], rows, ['SECOND']).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        const third = lines[0]!.indexOf('THIRD');
        const second = lines[0]!.indexOf('SECOND') + 'SECOND'.length;
        rows.forEach(([a, b, c], i) => {
          const line = lines[i + 1]!;
          expect(line.startsWith(a)).toBe(true);
          expect(line.slice(0, second).endsWith(b)).toBe(true);
          expect(line.slice(third)).toBe(c);
          expect(line.slice(second, third)).toBe('  ');
        });
      }),
    );
  });
});
