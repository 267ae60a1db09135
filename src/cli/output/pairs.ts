import { tableText } from './table.js';
import { nameText, secondsText } from './text.js';

interface PairRow {
  pair: string;
  status: string;
  /** What stands in the columns of the command. */
  cells: readonly string[];
  seconds: number;
  /** Empty when all went well. */
  error: string;
}

/** What a command came to for each of several pairs, as one table. */
export function pairsText(columns: readonly string[], rows: readonly PairRow[]): string {
  const isAllWell = rows.every(({ error }) => error === '');
  const head = ['pair', 'status', ...columns, 'took', ...(isAllWell ? [] : ['error'])];
  const lines = rows.map(({ pair, status, cells, seconds, error }) => [
    pair,
    status,
    ...cells,
    secondsText(seconds),
    ...(isAllWell ? [] : [nameText(error)]),
  ]);
  return tableText(head, lines, ['paused', 'took']);
}
