import pLimit from 'p-limit';
import type { Readable } from 'node:stream';
import { text } from '../dialect/rows.js';
import type { Server } from '../pair/server.js';
import type { Session } from '../pair/session.js';
import type { Command } from '../util/command.js';
import type { Observe } from '../util/observe.js';
import { accountsSql } from './accounts.js';
import { MendedObjects } from './mend.js';
import { dumpCommand } from './mysqldump.js';
import { runFlow, type PartFlow, type StoredPart } from './pipeline.js';
import type { PartPlan } from './plan.js';
import type { SpoolSpace } from './spool.js';
import { surveyTable, type SurveyedTable } from './survey.js';
import type { DumpTools } from './tools.js';

/** Takes one part's bytes to where they are kept and tells their number; the plan is null for accounts. */
export type Sink = (
  part: PartPlan | null,
  body: Readable,
  signal: AbortSignal,
) => Promise<{ bytes: number }>;

export interface DumpOptions {
  replica: Server;
  tools: DumpTools;
  /** mysqldump processes at once. */
  parallel: number;
  compression: { level: number; threads?: number };
  /** Arguments that name age's recipients; empty for no encryption. */
  recipients: readonly string[];
  spool: SpoolSpace;
  checksums: boolean;
  accounts: boolean;
  extraArgs: readonly string[];
  /** Path of the option file that mysqldump connects with. */
  optionFile: string;
  sink: Sink;
  signal: AbortSignal;
  observe: Observe;
}

export interface DumpedPart extends StoredPart {
  /** Null for accounts. */
  plan: PartPlan | null;
}

export interface Dumped {
  parts: DumpedPart[];
  tables: SurveyedTable[];
}

/**
 * Dumps every part of a plan, several at once, from data that stands still, and counts the tables
 * meanwhile. The first failure ends all of them and is what it throws.
 */
export async function dumpParts(plan: readonly PartPlan[], options: DumpOptions): Promise<Dumped> {
  const { replica, observe, parallel } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const limit = pLimit(parallel);
  const progress = tally(options.observe);
  const sessions = await Promise.all(
    Array.from({ length: parallel }, async () => await replica.session()),
  );

  async function dumpOne(part: PartPlan | null): Promise<[DumpedPart, SurveyedTable[]]> {
    signal.throwIfAborted();
    const session = sessions.pop();
    try {
      const [stored, tables] = await Promise.all([
        runFlow(await flowOf(part)),
        part?.kind === 'data' && session ? survey(session, part) : [],
      ]);
      await observe({ type: 'part', key: titleOf(part) });
      return [{ ...stored, plan: part }, tables];
    } catch (error) {
      failed.abort(error);
      throw error;
    } finally {
      if (session) sessions.push(session);
    }
  }

  async function survey(session: Session, part: PartPlan): Promise<SurveyedTable[]> {
    const stop = () => session.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const unstable = replica.dialect.unstableChecksums(part.database);
      const rows = unstable === null ? [] : await session.query(unstable);
      const withChecksum = (name: string) =>
        options.checksums && !rows.some((row) => text(row, 'name') === name);
      const tables: SurveyedTable[] = [];
      for (const name of part.tables) {
        signal.throwIfAborted();
        tables.push(await surveyTable(session, part.database, name, withChecksum(name)));
      }
      return tables;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async function flowOf(part: PartPlan | null): Promise<PartFlow> {
    return {
      title: titleOf(part),
      source: part
        ? {
            command: dumpCommand(
              part,
              options.tools,
              replica.dialect,
              options.optionFile,
              options.extraArgs,
            ),
            expected: part.expected,
          }
        : { text: await accountsSql(replica) },
      mend: part?.kind === 'objects' ? new MendedObjects() : null,
      filters: filtersOf(options),
      spool: options.spool,
      sink: async (body) => await options.sink(part, body, signal),
      signal,
      onBytes: progress(),
    };
  }

  const jobs = [...plan, ...(options.accounts ? [null] : [])];
  // Every job is waited for, so that nothing runs on after this has failed.
  const ends = await Promise.allSettled(jobs.map((part) => limit(() => dumpOne(part))));
  sessions.forEach((session) => session.destroy());
  signal.throwIfAborted();
  const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  return {
    parts: done.map(([part]) => part),
    tables: done.flatMap(([, tables]) => tables),
  };
}

/** The programs between mysqldump and the store. */
export function filtersOf(
  options: Pick<DumpOptions, 'tools' | 'compression' | 'recipients'>,
): Command[] {
  const { level, threads = 1 } = options.compression;
  const zstd = { file: options.tools.zstd, args: ['-q', '-c', `-${level}`, `-T${threads}`] };
  if (options.recipients.length === 0 || options.tools.age === null) return [zstd];
  return [zstd, { file: options.tools.age, args: ['--encrypt', ...options.recipients] }];
}

/** For messages: `rows of shop.orders`. */
function titleOf(part: PartPlan | null): string {
  if (!part) return 'accounts';
  const table = part.ofTable === null ? '' : `.${part.ofTable}`;
  return `${part.kind === 'data' ? 'rows' : part.kind} of ${part.database}${table}`;
}

/** Adds up the bytes of all parts and tells them. */
function tally(observe: Observe): () => (plain: number, stored: number) => void {
  const total = { plain: 0, stored: 0 };
  return () => {
    const last = { plain: 0, stored: 0 };
    return (plain, stored) => {
      total.plain += plain - last.plain;
      total.stored += stored - last.stored;
      last.plain = plain;
      last.stored = stored;
      void observe({ type: 'bytes', ...total });
    };
  };
}
