import type { Pair } from '../rig/pair.js';
import { onBoth } from './onBoth.js';

/** Tables made with one packet. */
const together = 100;
const rowsEach = 5;

/** Makes so many tables of five rows in `sbtest`, with a secondary key each. */
export async function fillSmall(pair: Pair, count: number): Promise<void> {
  await onBoth(pair, () => statements(count));
}

function* statements(count: number): Generator<string> {
  yield 'CREATE DATABASE sbtest; USE sbtest';
  for (let first = 1; first <= count; first += together) {
    const last = Math.min(first + together - 1, count);
    yield Array.from({ length: last - first + 1 }, (_, i) => table(first + i)).join(';');
  }
}

function table(number: number): string {
  const name = `t${String(number).padStart(5, '0')}`;
  const rows = Array.from(
    { length: rowsEach },
    (_, row) => `(${row + 1},'row ${row + 1} of table ${number}','2026-01-02 03:04:05')`,
  );
  return `CREATE TABLE ${name} (id INT PRIMARY KEY, name VARCHAR(60) NOT NULL, made DATETIME, KEY (name)) ENGINE=InnoDB; INSERT INTO ${name} VALUES ${rows.join()}`;
}
