import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonIn, markup, nameOf, render, trusted } from '../../../src/report/markup.js';
import { nameText } from '../../../src/util/text.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Texts that are made of what HTML is made of.
  fc
    .array(fc.constantFrom('<', '>', '"', "'", '&', '/', '!--', '-->', ']]>', 'script', '\0', '\n'))
    .map((pieces) => pieces.join('')),
);

describe('markup', () => {
  test('escapes what is put into it', () => {
    const name = `</p><script>"&'`;
    expect(render(markup`<p title="${name}">${name}</p>`)).toBe(
      '<p title="&lt;/p&gt;&lt;script&gt;&quot;&amp;&#39;">&lt;/p&gt;&lt;script&gt;&quot;&amp;&#39;</p>',
    );
  });

  test('takes HTML, lists of it, numbers, and nothing', () => {
    const item = (n: number) => markup`<li>${n}</li>`;
    expect(render(markup`<ul>${[1, 2].map(item)}</ul>${null}${trusted('<hr>')}`)).toBe(
      '<ul><li>1</li><li>2</li></ul><hr>',
    );
  });

  test('shows control characters, and keeps the direction of a name to itself', () => {
    expect(render(nameOf('a\u202eb\x1b\n'))).toBe('<bdi>a\\u{202e}b\\u{1b}\\n</bdi>');
  });

  test('no text breaks out of its place, and every text can be read back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const html = render(markup`<p title="${text}">${text}</p>`);
        const [, title = '', body = ''] = /^<p title="([^"<>]*)">([^"<>]*)<\/p>$/u.exec(html)!;
        expect(decoded(title)).toBe(nameText(text));
        expect(decoded(body)).toBe(nameText(text));
      }),
    );
  });
});

describe('jsonIn', () => {
  test('no value ends its script element, and each is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyText, fc.oneof(anyText, fc.double({ noNaN: true }))),
        (value) => {
          const text = render(jsonIn(value));
          expect(text).not.toMatch(/[<>&\u2028\u2029]/);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
    );
  });
});

function decoded(html: string): string {
  const characters = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return html.replace(
    /&(lt|gt|quot|#39|amp);/g,
    (_, name: keyof typeof characters) => characters[name],
  );
}
