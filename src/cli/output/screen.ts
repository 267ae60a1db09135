/** A picture that is drawn over itself on a terminal. */
export interface Screen {
  draw(text: string): void;
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
    draw(text) {
      last = text;
      const lines = text.split('\n').slice(0, Math.max(1, stream.rows - 1));
      // No line goes on below by itself.
      stream.write(
        `\x1b[?7l\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J\x1b[?7h`,
      );
    },
    leave() {
      stream.off('resize', redraw);
      stream.write('\x1b[?25h\x1b[?1049l');
      if (last !== '') stream.write(`${last}\n`);
    },
  };
}
