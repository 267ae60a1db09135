import { fstatSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { levelled } from '../../../../src/cli/output/journal.js';

test('lines have a priority only on the very stream that systemd opened', () => {
  const descriptor = openSync(tmpdir(), 'r');
  onTestFinished(() => closeSync(descriptor));
  const { dev, ino } = fstatSync(descriptor);
  const own = { JOURNAL_STREAM: `${dev}:${ino}` };
  expect(levelled('a\nb', 'error', own, descriptor)).toBe('<3>a\n<3>b');
  expect(levelled('a', 'warning', own, descriptor)).toBe('<4>a');
  expect(levelled('a', 'info', own, descriptor)).toBe('a');
  expect(levelled('a', 'error', {}, descriptor)).toBe('a');
  expect(levelled('a', 'error', { JOURNAL_STREAM: `${dev}:${ino + 1}` }, descriptor)).toBe('a');
  expect(levelled('a', 'error', own, 9999)).toBe('a');
});
