/** A word of a shell that stands for exactly this text, in quotes. */
export function quotedWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same, without quotes where it needs none. */
export function shellWord(text: string): string {
  return /^[\w./:=@+,-]+$/.test(text) ? text : quotedWord(text);
}
