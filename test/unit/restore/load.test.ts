import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StillpointError } from '../../../src/errors.js';
import { runLoad } from '../../../src/restore/load.js';
import { ownFolder } from '../util/folder.js';

const flow = { title: 'schema/shop.sql.zst', signal: new AbortController().signal };

describe('a client', () => {
  // It runs what it has of the last statement when it meets the end of its input.
  test('sees no end of its input when the SQL fails', async () => {
    const met = join(await ownFolder(), 'met-the-end');
    async function* sql(): AsyncGenerator<Buffer> {
      yield Buffer.from('CREATE TABLE orders (id INT);\n');
      await Promise.resolve();
      throw new StillpointError('failed', 'cannot read it');
    }
    const client = { file: 'sh', args: ['-c', 'cat > /dev/null; touch "$1"', 'sh', met] };
    await expect(runLoad({ ...flow, sql: sql(), client })).rejects.toThrow('cannot read it');
    expect(existsSync(met)).toBe(false);
  });

  test('that was the first to die has the word', async () => {
    let isOver = false;
    async function* sql(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(1 << 16, 'x'));
      } finally {
        isOver = true;
      }
    }
    const client = { file: 'sh', args: ['-c', 'echo ERROR 1064 >&2; exit 1'] };
    await expect(runLoad({ ...flow, sql: sql(), client })).rejects.toThrow(
      'cannot load schema/shop.sql.zst: sh ended with 1: ERROR 1064',
    );
    expect(isOver).toBe(true);
  });
});
