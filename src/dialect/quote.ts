/** A name as an SQL identifier: backticks around it, backticks in it doubled. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/**
 * A text as an SQL string literal. Right for sessions without NO_BACKSLASH_ESCAPES, which
 * {@link connect} makes sure of.
 */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`;
}
