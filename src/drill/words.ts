import { countText } from '../util/text.js';

/** `1 table`, `1,234 rows`, `2 package bodies`. */
export function plural(count: number, what: string): string {
  const several = what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`;
  return `${countText(count)} ${count === 1 ? what : several}`;
}

/** `shop.orders`, for messages. */
export function tableName({ database, name }: { database: string; name: string }): string {
  return `${database}.${name}`;
}
