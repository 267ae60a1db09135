import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  smallFrame,
  smallFrameBytes,
  smallText,
  smallTextOf,
} from '../../../src/dump/smallFrame.js';

const texts = fc.uint8Array({ minLength: 1, maxLength: smallText }).map((one) => Buffer.from(one));

describe('a small text', () => {
  test('comes out of its frame as it was, by zstd as by us', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const frame = smallFrame(text);
        expect(smallTextOf(frame)?.equals(text)).toBe(true);
        const { stdout } = await execa('zstd', ['-d', '-c'], {
          input: frame,
          encoding: 'buffer',
          stripFinalNewline: false,
        });
        expect(text.equals(stdout)).toBe(true);
      }),
      { numRuns: 30 },
    );
    expect(smallFrame(Buffer.alloc(smallText))).toHaveLength(smallFrameBytes);
  });

  test('is not seen in anything else', async () => {
    const frame = smallFrame(Buffer.from('CREATE TABLE t (id INT);\n'));
    const { stdout } = await execa('zstd', ['-c'], { input: 'CREATE', encoding: 'buffer' });
    const others = [
      Buffer.from(stdout),
      frame.subarray(0, -1),
      frame.subarray(0, 12),
      Buffer.alloc(0),
      Buffer.concat([frame, frame]),
      Buffer.concat([frame, Buffer.alloc(smallText)]),
    ];
    for (const other of others) expect(smallTextOf(other)).toBeNull();
    for (let at = 0; at < 12; at += 1) {
      const changed = Buffer.from(frame);
      changed[at]! ^= 1;
      expect(smallTextOf(changed)).toBeNull();
    }
  });
});
