import { nameText } from '../util/text.js';

const kind = Symbol('html');

/** Text that is HTML already. Only `markup`, `joined` and `trusted` make it. */
export interface Html {
  readonly [kind]: string;
}

/** What may stand in a template: text is escaped, what there is none of is left out. */
export type Content = Html | string | number | null | readonly Html[];

/**
 * HTML from a template. Every value that is not HTML itself is escaped, for an element's text and for an
 * attribute in double quotes alike, with control characters made visible: nothing that a database calls
 * itself can end the place it stands in.
 */
export function markup(template: TemplateStringsArray, ...values: readonly Content[]): Html {
  return trusted(String.raw({ raw: template }, ...values.map(textOf)));
}

/** A name from a server. It is kept from turning the direction of the text around it. */
export function nameOf(name: string): Html {
  return markup`<bdi>${name}</bdi>`;
}

/** Takes a text for HTML as it is. For what is written by us, never for what comes from a record. */
export function trusted(html: string): Html {
  return { [kind]: html };
}

/** The text of a finished page. */
export function render(page: Html): string {
  return page[kind];
}

/** A value as JSON for a `<script>` element: no `<` ends it, and a reader gets the value back. */
export function jsonIn(value: unknown): Html {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return trusted(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped));
}

function textOf(value: Content): string {
  if (value === null) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return 'map' in value ? value.map(render).join('') : value[kind];
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return nameText(text).replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
