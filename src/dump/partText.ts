import { PassThrough } from 'node:stream';

/** The text of one part, counted. */
export class PartText extends PassThrough {
  bytes = 0;

  constructor() {
    super({ highWaterMark: 1 << 20 });
  }

  async put(piece: Buffer): Promise<void> {
    if (piece.length === 0) return;
    this.bytes += piece.length;
    await new Promise<void>((resolve, reject) => {
      this.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** `SET @OLD_TIME_ZONE=@@TIME_ZONE` of the head, which the end takes back. */
const kept = /^(\/\*M?!\d+) SET @OLD_(\w+)=@@(\w+)/;

/** With --no-autocommit, which some versions of mariadb-dump take for granted. */
const withoutCommit = /^set autocommit=0;$/im;

/** What mysqldump would write at the end of a text with this head; for a part that is not the last of it. */
export function footerOf(head: Buffer): Buffer {
  const text = head.toString('latin1');
  const commit = withoutCommit.test(text) ? 'commit;\n' : '';
  const settings = text
    .split('\n')
    .map((line) => kept.exec(line))
    .filter((found) => found !== null)
    .map(([, open = '', old = '', name = '']) => `${open} SET ${name}=@OLD_${old} */;\n`);
  return Buffer.from(`${commit}\n${settings.reverse().join('')}\n-- Dump completed\n`);
}
