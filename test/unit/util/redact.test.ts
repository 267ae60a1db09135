import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact, secret } from '../../../src/util/redact.js';

describe('redact', () => {
  test('returns the secret it is given', () => {
    expect(secret('returned as it is')).toBe('returned as it is');
  });

  test('hides every occurrence of a secret', () => {
    secret('tr0mbone');
    expect(redact('a tr0mbone and a tr0mbone')).toBe('a *** and a ***');
  });

  test('hides it URL-encoded and as in JSON', () => {
    const password = secret('Pa"ss w\\ord/é');
    expect(redact(`mysql://u:${encodeURIComponent(password)}@h/`)).toBe('mysql://u:***@h/');
    expect(redact(JSON.stringify({ password }))).toBe('{"password":"***"}');
  });

  test('leaves nothing of a secret that contains another', () => {
    secret('shortone');
    secret('shortone-and-longer');
    expect(redact('x shortone-and-longer y shortone')).toBe('x *** y ***');
  });

  test('ignores a secret shorter than four characters', () => {
    secret('the');
    secret('');
    expect(redact('the backup')).toBe('the backup');
  });

  test('takes half a surrogate pair', () => {
    secret('half \ud800 pair');
    expect(redact('half \ud800 pair')).toBe('***');
  });

  test('no registered secret survives, whatever is around it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4, maxLength: 20, unit: 'grapheme' }),
        fc.string(),
        fc.string(),
        (text, before, after) => {
          fc.pre(!'***'.includes(text) && !text.includes('*'));
          secret(text);
          expect(redact(before + text + after)).not.toContain(text);
        },
      ),
    );
  });
});
