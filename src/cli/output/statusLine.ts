/** Redraws at most this often. */
const everyMs = 100;

/** One line at the bottom of a terminal that is written over; on anything else it does nothing. */
export function createStatusLine(stream: NodeJS.WriteStream): {
  show(text: string): void;
  clear(): void;
} {
  let shown = false;
  let last = 0;
  const isLive = stream.isTTY && process.env['TERM'] !== 'dumb';
  return {
    show(text) {
      const now = performance.now();
      if (!isLive || now - last < everyMs) return;
      last = now;
      shown = true;
      stream.write(`\r${text.slice(0, (stream.columns || 80) - 1)}\x1b[K`);
    },
    clear() {
      if (shown) stream.write('\r\x1b[K');
      shown = false;
      last = 0;
    },
  };
}
