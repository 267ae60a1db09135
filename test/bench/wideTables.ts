import type { Pair } from '../rig/pair.js';
import { randomFrom } from '../support/sample.js';
import { onBoth } from './onBoth.js';

/** Bytes of a row's text, more or less, and of the rows sent with one statement. */
const rowBytes = 8000;
const statementBytes = 1e6;
/** More than a compressor looks back, so that a text which comes again is not seen to. */
const poolBytes = 16e6;

/** Makes tables `wide1`, `wide2` … in `sbtest`, of about so many bytes each, in rows of one long text. */
export async function fillWide(
  pair: Pair,
  { tables, bytes }: { tables: number; bytes: number },
): Promise<void> {
  const pool = words(poolBytes);
  await onBoth(pair, () => statements(tables, bytes, pool));
}

function* statements(tables: number, bytes: number, pool: string): Generator<string> {
  const random = randomFrom(2);
  yield 'CREATE DATABASE sbtest; USE sbtest';
  for (let table = 1; table <= tables; table += 1) {
    yield `CREATE TABLE wide${table} (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(100), body LONGTEXT) ENGINE=InnoDB`;
    const rows = Math.max(1, Math.round(bytes / rowBytes));
    const atOnce = Math.round(statementBytes / rowBytes);
    for (let first = 0; first < rows; first += atOnce) {
      const texts = Array.from({ length: Math.min(atOnce, rows - first) }, () => {
        const length = Math.round(rowBytes * (0.5 + random()));
        const from = Math.floor(random() * (pool.length - length));
        return `('${pool.slice(from, from + 60)}','${pool.slice(from, from + length)}')`;
      });
      yield `INSERT INTO wide${table} (title, body) VALUES ${texts.join()}`;
    }
  }
}

/** Made-up words, some of them not ASCII. */
function words(length: number): string {
  const random = randomFrom(1);
  const letters = 'eeeeaaaiioounnrrttsslldcmpghbfvkäéß';
  const known = Array.from({ length: 20_000 }, () =>
    Array.from(
      { length: 2 + Math.floor(random() * 9) },
      () => letters[Math.floor(random() * letters.length)]!,
    ).join(''),
  );
  const chosen: string[] = [];
  for (let size = 0; size < length;) {
    // Some words are said more often than others.
    const word = known[Math.floor(random() ** 3 * known.length)]!;
    chosen.push(word);
    size += word.length + 1;
  }
  return chosen.join(' ');
}
