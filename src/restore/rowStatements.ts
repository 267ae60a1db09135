import type { Lent } from '../util/lent.js';

const semicolon = 0x3b;
const newline = 0x0a;
/** Empty lines, comments, and what is for a client: MariaDB's dumps begin with that. */
const idle = /(?:--[^\n]*\n|\/\*M?!999999\\-[^\n]*\n|\n)*/y;
/** Bytes. A statement is held four times while it is sent; one row may have a gigabyte. */
const longestStatement = 32 << 20;

/** What is left of a text from a statement on that is too long. */
export interface LongRest {
  rest: Lent;
}

/**
 * The statements of a part of rows, each as its bytes read as latin1. A value holds no raw line break in
 * a dump, so a statement ends with a semicolon at the end of a line where no name in backticks is open.
 * Before one that is too long it ends with what is left, to be read before it is asked for more. Throws
 * when the text ends in the middle of a statement.
 */
export async function* rowStatements(
  sql: Lent,
  longest = longestStatement,
): AsyncGenerator<string | LongRest> {
  const gathered = new Gathered();
  const chunks = sql[Symbol.asyncIterator]();
  try {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      const chunk = next.value;
      let from = 0;
      for (let end = gathered.endIn(chunk); end !== null; end = endAfter(chunk, from)) {
        gathered.add(chunk, from, end);
        from = end;
        if (gathered.length > longest) break;
        const statement = withoutIdle(gathered.text());
        if (!namesAreClosed(statement)) continue;
        gathered.clear();
        if (statement !== '') yield statement.slice(0, -2);
      }
      gathered.add(chunk, from, chunk.length);
      if (gathered.length <= longest) continue;
      yield { rest: restOf(gathered.bytes, chunks) };
      return;
    }
  } finally {
    await chunks.return?.();
  }
  if (withoutIdle(`${gathered.text()}\n`) !== '') {
    throw new Error('the SQL ends in the middle of a statement');
  }
}

async function* restOf(begun: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield begun;
  yield* { [Symbol.asyncIterator]: () => chunks };
}

/** Of most small parts all of it. */
const firstBytes = 64 * 1024;

/** Bytes in memory that is used again: a text that grew piece by piece would be made anew with each. */
class Gathered {
  #memory = Buffer.allocUnsafeSlow(firstBytes);
  length = 0;

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.length);
  }

  add(chunk: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#memory.length) {
      const before = this.bytes;
      this.#memory = Buffer.allocUnsafeSlow(length * 2);
      before.copy(this.#memory);
    }
    chunk.copy(this.#memory, this.length, from, to);
    this.length = length;
  }

  text(): string {
    return this.#memory.toString('latin1', 0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Like endAfter, of what comes next. */
  endIn(chunk: Buffer): number | null {
    const mayEnd = this.length > 0 && this.#memory[this.length - 1] === semicolon;
    return mayEnd && chunk[0] === newline ? 1 : endAfter(chunk, 0);
  }
}

/** Behind the next semicolon at the end of a line. */
function endAfter(chunk: Buffer, from: number): number | null {
  const at = chunk.indexOf(';\n', from);
  return at === -1 ? null : at + 2;
}

function withoutIdle(text: string): string {
  idle.lastIndex = 0;
  const [before = ''] = idle.exec(text) ?? [];
  return text.slice(before.length);
}

/** Names stand before the values, if there are any. */
function namesAreClosed(statement: string): boolean {
  let isOpen = false;
  let from = 0;
  for (;;) {
    const at = statement.indexOf('VALUES', from);
    const end = at === -1 ? statement.length : at;
    for (let tick = statement.indexOf('`', from); tick !== -1 && tick < end;) {
      isOpen = !isOpen;
      tick = statement.indexOf('`', tick + 1);
    }
    if (!isOpen || at === -1) return !isOpen;
    from = at + 1;
  }
}
