/** Bytes. To send this much takes the server a fraction of what a question and an answer take. */
const together = 16 * 1024;
/** What ends where it seems to, whoever reads it; the definition of a program may hold other statements. */
const plain =
  /^(?:\/\*M?!\d*\s*)?(?:SET|USE|LOCK|UNLOCK|INSERT|REPLACE|COMMIT|(?:CREATE|ALTER|DROP) TABLE|DROP VIEW)\s/i;

/**
 * Short statements that follow each other joined, to be sent at once to a server that takes several; everything else
 * as it comes. A packet of several has no more than `most` bytes.
 */
export async function* inPackets<T extends object>(
  statements: AsyncIterable<string | T>,
  most: number,
): AsyncGenerator<string | T> {
  let packet = '';
  for await (const one of statements) {
    if (typeof one === 'string' && plain.test(one)) {
      const joined = packet === '' ? one : `${packet};${one}`;
      if (joined.length <= Math.min(together, most)) {
        packet = joined;
        continue;
      }
    }
    if (packet !== '') yield packet;
    packet = '';
    yield one;
  }
  if (packet !== '') yield packet;
}
