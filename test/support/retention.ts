import { verdictsOf } from '../../src/catalog/proofs.js';
import type { DrillRecord } from '../../src/catalog/drillRecord.js';
import type { Pin } from '../../src/catalog/pins.js';
import { decide, type Candidate, type RetentionRules } from '../../src/catalog/retention.js';
import { idAt, randomFrom } from './sample.js';

/** A backup as far as retention looks at it. */
export function candidateAt(at: Date, random = randomFrom(1)): Candidate {
  return { id: idAt(at, 'nightly', random), pausedAt: at.toISOString() };
}

export function pinOf(backup: string, until: Date | null = null): Pin {
  const at = '2026-11-20T10:00:00.000Z';
  const whenever = until?.toISOString() ?? null;
  return { format: 1, pair: 'shop', backup, at, until: whenever, by: 'ann@ops', reason: null };
}

interface Setting {
  times?: readonly Date[];
  backups?: readonly Candidate[];
  drills?: readonly DrillRecord[];
  rules: RetentionRules;
  now: Date;
}

/** What is kept and why, a line each, and what became of the others. */
export function keptText({ times = [], backups, drills = [], rules, now }: Setting): string {
  const all = backups ?? times.map((time) => candidateAt(time));
  const verdicts = verdictsOf(drills);
  const decisions = decide({ backups: all, pins: new Map(), verdicts, rules, now });
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const { backup, keep, reasons } of decisions) {
    const why = reasons.join('; ');
    if (keep) lines.push(`${backup.pausedAt}  ${why}`);
    else {
      const kind = why.replace(/\d{4}-[\dW:+ -]+/g, '…').replace(/(…, )+/g, '');
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  const gone = [...counts].map(([why, count]) => `${count} go: ${why}`);
  return [`rules: ${JSON.stringify(rules ?? null)}`, ...lines, ...gone, ''].join('\n');
}

/** A prune after every backup: a line for each that removes something, and what is left at the end. */
export function movesThrough(backups: readonly Candidate[], rules: RetentionRules): string {
  let there: Candidate[] = [];
  const lines: string[] = [];
  for (const backup of backups) {
    const now = new Date(Date.parse(backup.pausedAt) + 3600_000);
    const decisions = decide({
      backups: [...there, backup],
      pins: new Map(),
      verdicts: new Map(),
      rules,
      now,
    });
    there = decisions.filter(({ keep }) => keep).map((one) => one.backup);
    const gone = decisions
      .filter(({ keep }) => !keep)
      .map((one) => one.backup.pausedAt.slice(0, 10));
    lines.push(`${backup.pausedAt.slice(0, 10)}: ${gone.join(' ') || 'nothing'} goes`);
  }
  return [...lines, `left: ${there.length} backups`, ''].join('\n');
}
