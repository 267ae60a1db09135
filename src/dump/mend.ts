import type { Lent } from '../util/lent.js';

/** The statement of a trigger or an event, from its first to its last line. */
const statement = /^\/\*!(?:50003|50106) CREATE[^]*?\*\/ ?;;$/gm;
const surplus = /;(?=\s*\*\/ ?;;$)/;

/**
 * Mends the text of triggers and events. A server keeps the semicolon that ended the statement where
 * several were sent in one packet, as migration tools do; mysqldump then writes `…; *\/;;`, which no
 * server takes back (error 1064; seen with MySQL 9.7, a trigger). The semicolon means nothing, so it is
 * left out. Holds the whole text, which for the objects of a database is small.
 */
export async function* mendedObjects(text: Lent): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of text) pieces.push(Buffer.from(chunk));
  const whole = Buffer.concat(pieces).toString('latin1');
  const mended = whole.replace(statement, (one) => one.replace(surplus, ''));
  if (mended !== '') yield Buffer.from(mended, 'latin1');
}
