import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecord as openBytes, sealRecord } from '../../../src/catalog/seal.js';
import { exampleRecord } from './examples.js';

const sealed = sealRecord(exampleRecord);
const openRecord = (text: string) => openBytes(Buffer.from(text));

describe('a sealed record', () => {
  test('opens as what it was, whatever its texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (label, warnings) => {
        const record = { ...exampleRecord, label, warnings };
        expect(openRecord(sealRecord(record))).toEqual(record);
      }),
    );
  });

  test('ends with its sum', () => {
    expect(Object.keys(JSON.parse(sealed) as object).at(-1)).toBe('sha256');
    expect(sealed).toMatch(/"sha256": "[0-9a-f]{64}"\n}\n$/);
  });

  test('opens without the fields of a later version', () => {
    const later = { ...exampleRecord, colour: 'green' };
    expect(openRecord(sealRecord(later))).toEqual(exampleRecord);
  });

  test('of a later format does not open', () => {
    const later = { ...exampleRecord, format: 2 } as unknown as typeof exampleRecord;
    expect(() => openRecord(sealRecord(later))).toThrow(/format/);
  });
});

describe('damage is found', () => {
  const bytes = Buffer.from(sealed);
  const opensAs = (damaged: Buffer) => () => openBytes(damaged);

  test('of every single byte, whatever it becomes', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= flip;
        expect(opensAs(damaged)).toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test('of every byte that lost its lowest bit', () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      expect(opensAs(damaged)).toThrow();
    }
  });

  test('where the text was cut, or goes on', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(opensAs(bytes.subarray(0, length))).toThrow();
    expect(opensAs(Buffer.concat([bytes, Buffer.from('\n')]))).toThrow();
    expect(() => openRecord(`\ufeff${sealed}`)).toThrow();
  });

  test('where only the spaces differ, or a field stands twice', () => {
    expect(() => openRecord(JSON.stringify(JSON.parse(sealed)))).toThrow(/does not fit/);
    expect(() => openRecord(sealed.replace('{\n', '{\n  "format": 2,\n'))).toThrow(/does not fit/);
  });

  test('where the sum is gone', () => {
    const rest = JSON.parse(sealed) as Record<string, unknown>;
    delete rest['sha256'];
    expect(() => openRecord(`${JSON.stringify(rest, null, 2)}\n`)).toThrow(/does not fit/);
  });
});
