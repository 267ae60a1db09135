/**
 * Names that have broken dump tools. Identifiers hold no character beyond U+FFFF on either server (a
 * table called 😀 is refused), so the emoji is one below.
 */
export const hostileNames = [
  'a/b',
  '..',
  '-e',
  '--help',
  `x'y"z\``,
  'back\\slash',
  '☕ é',
  'dot.dot',
  'new\nline',
  '%_*?',
  'Case',
  'case',
  '$(id);#',
  'n'.repeat(64),
];

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A string literal under the default sql_mode. */
export function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&').replaceAll('\0', '\\0')}'`;
}
