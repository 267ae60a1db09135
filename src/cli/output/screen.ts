/** A picture that is drawn over itself on a terminal. */
export interface Screen {
  /** `note` stands in the last line. */
  draw(text: string, note: string): void;
  /** Back to what was there before, with the last picture below it. */
  leave(): void;
}

/**
 * Takes the whole of a terminal, beside what is on it; null on anything else. Lines and columns that have
 * no room are cut off. `redraw` is called when the terminal has changed its size.
 */
export function openScreen(stream: NodeJS.WriteStream, redraw: () => void): Screen | null {
  if (!stream.isTTY || process.env['TERM'] === 'dumb') return null;
  let last = '';
  stream.on('resize', redraw);
  // The other screen, without a cursor.
  stream.write('\x1b[?1049h\x1b[?25l\x1b[2J');
  return {
    draw(text, note) {
      last = text;
      const lines = text.split('\n').slice(0, Math.max(1, stream.rows - 2));
      // No line goes on below by itself; each is emptied first, since at its end that takes its last character.
      stream.write(
        `\x1b[?7l\x1b[H${lines.map((line) => `\x1b[K${line}\n`).join('')}\x1b[J\n${note}\x1b[?7h`,
      );
    },
    leave() {
      stream.off('resize', redraw);
      stream.write('\x1b[?25h\x1b[?1049l');
      if (last !== '') stream.write(`${last}\n`);
    },
  };
}
