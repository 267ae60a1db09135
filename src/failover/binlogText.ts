import { createReadStream } from 'node:fs';
import { Transform, type Readable, type TransformCallback } from 'node:stream';
import { asError, StillpointError } from '../errors.js';
import { failureOf, start, type Command } from '../util/command.js';
import type { CountedText } from '../dump/pipeline.js';

/** What mysqlbinlog and mariadb-binlog write after the last event, among other lines. */
const trailer = '# End of log file';
const tailBytes = 4096;

/** Counts what passes, and keeps its end in mind. */
class Counted extends Transform {
  bytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  readonly #atEnd: (tail: string) => Promise<void>;

  constructor(atEnd: (tail: string) => Promise<void> = async () => Promise.resolve()) {
    super();
    this.#atEnd = atEnd;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-tailBytes);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#atEnd(this.#tail.toString()).then(
      () => done(),
      (error: unknown) => done(asError(error)),
    );
  }
}

/** What mysqlbinlog writes; it fails unless the program ended well and had come to the end of the logs. */
export function binlogText(title: string, command: Command): CountedText & Readable {
  const child = start(command);
  const text = new Counted(async (tail) => {
    const failure = failureOf(child.name, await child.ended);
    if (failure !== null) throw unreadable(title, failure);
    if (!tail.includes(trailer)) throw unreadable(title, `${child.name} came to no end`);
  });
  child.stdin.end();
  child.stdout.on('error', (error) => text.destroy(error));
  child.stdout.pipe(new Anonymous()).pipe(text);
  child.ended.catch((error: unknown) => text.destroy(error as Error));
  text.once('close', () => child.kill());
  return text;
}

/**
 * Lines by which mariadb-binlog gives transactions the numbers and the server that they had. Run again on another
 * server they would be passed over by that one, once it follows.
 */
const identity = /^\/\*M?!\d+ SET @@session\.(server_id|gtid_domain_id|gtid_seq_no)=/;
/** The same in mysqlbinlog. Everybody passes over a GTID that its server has given to something else since. */
const gtid = /^(SET @@SESSION\.GTID_NEXT= )'[^']*'/;

/** The same without what says where the transactions came from. */
class Anonymous extends Transform {
  #rest = '';

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    this.push(
      Buffer.from(
        lines
          .filter((line) => !identity.test(line))
          .map((line) => `${line.replace(gtid, "$1'AUTOMATIC'")}\n`)
          .join(''),
        'latin1',
      ),
    );
    done();
  }

  override _flush(done: TransformCallback): void {
    done(null, Buffer.from(this.#rest, 'latin1'));
  }
}

/** A file as it is. */
export function fileText(path: string): CountedText & Readable {
  const text = new Counted();
  createReadStream(path)
    .on('error', (error) => text.destroy(error))
    .pipe(text);
  return text;
}

function unreadable(title: string, why: string): StillpointError {
  // Seen with MySQL 9.7: what it has logged with GTIDs it sends to nobody while they are off.
  const mend = /GTID_MODE = OFF/i.test(why)
    ? 'Run on it: SET GLOBAL gtid_mode = OFF_PERMISSIVE; then run'
    : 'Mend that, and run';
  return new StillpointError('failed', `${title} cannot be saved: ${why}`, {
    hint: `Nothing was changed there; it is closed for writes. ${mend} the same command again.`,
  });
}
