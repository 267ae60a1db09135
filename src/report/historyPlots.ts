import type { DrillRecord } from '../catalog/drillRecord.js';
import type { BackupRecord } from '../catalog/records.js';
import { bytesText, secondsText } from '../util/text.js';
import type { Plot, Series } from './plotData.js';
import { sizeUnit, timeUnit, type Unit } from './scale.js';
import { epoch, whenText } from './when.js';

interface Line<T> extends Pick<Series, 'label' | 'ink' | 'line' | 'area'> {
  of: (record: T) => number | null;
}

const day = 86_400;

/** The plots of a pair's history, all over the same time; without those that have nothing to show. */
export function historyPlots(
  backups: readonly BackupRecord[],
  drills: readonly DrillRecord[],
  now: Date,
): Plot[] {
  const times = [
    ...backups.map(({ pausedAt }) => epoch(pausedAt)),
    ...drills.map(({ startedAt }) => epoch(startedAt)),
  ];
  const end = Math.max(now.getTime() / 1000, ...times);
  const xRange: [number, number] = [Math.min(end - day, ...times), end];
  const ofDrills = { records: drills, at: (drill: DrillRecord) => drill.startedAt, xRange };
  const ofBackups = { records: backups, at: (backup: BackupRecord) => backup.pausedAt, xRange };
  const plots = [
    plotOf('restore', 'Restore time', { ...ofDrills, ...inTime }, [
      { label: 'restore', ink: 1, line: 'solid', area: true, of: ({ seconds }) => seconds.restore },
      { label: 'checks', ink: 2, line: 'dashed', area: false, of: ({ seconds }) => seconds.checks },
      {
        label: 'download',
        ink: 3,
        line: 'dotted',
        area: false,
        of: ({ seconds }) => seconds.download,
      },
    ]),
    plotOf('pause', 'Pause of the replica', { ...ofBackups, ...inTime }, [
      { label: 'pause', ink: 1, line: 'solid', area: true, of: (backup) => backup.pauseSeconds },
    ]),
    plotOf('size', 'Size of the backups', { ...ofBackups, ...inBytes }, [
      { label: 'SQL', ink: 1, line: 'solid', area: false, of: ({ bytes }) => bytes.plain },
      { label: 'stored', ink: 2, line: 'dashed', area: true, of: ({ bytes }) => bytes.stored },
    ]),
    plotOf('lag', 'Lag around the pause', { ...ofBackups, ...inTime }, [
      { label: 'before', ink: 3, line: 'solid', area: false, of: (backup) => lagOf(backup, -1) },
      { label: 'right after', ink: 4, line: 'dashed', area: false, of: (of) => lagOf(of, 1) },
    ]),
  ];
  const failed = drills.filter(({ status }) => status === 'failed');
  for (const plot of plots) {
    if (plot.id === 'plot-restore') plot.crosses = failed.map(({ startedAt }) => epoch(startedAt));
  }
  return plots.filter(({ series }) => series.length > 0);
}

/** The newest lag that was seen before the pause, or the first after its begin. */
function lagOf({ lag = [] }: BackupRecord, side: -1 | 1): number | null {
  const sample = side < 0 ? lag.findLast(({ at }) => at < 0) : lag.find(({ at }) => at >= 0);
  return sample?.seconds ?? null;
}

const inTime = { unitFor: timeUnit, text: secondsText };
const inBytes = { unitFor: sizeUnit, text: bytesText };

interface Frame<T> {
  records: readonly T[];
  at: (record: T) => string;
  xRange: [number, number];
  unitFor: (largest: number) => Unit;
  text: (value: number) => string;
}

function plotOf<T>(
  name: string,
  title: string,
  { records, at, xRange, unitFor, text }: Frame<T>,
  lines: readonly Line<T>[],
): Plot {
  const sorted = [...records].sort((a, b) => epoch(at(a)) - epoch(at(b)));
  const columns = lines.map((line) => ({ ...line, found: sorted.map(line.of) }));
  const shown = columns.filter(({ found }) => found.some((value) => value !== null));
  const unit = unitFor(Math.max(0, ...shown.flatMap(({ found }) => found.map((v) => v ?? 0))));
  return {
    id: `plot-${name}`,
    title,
    unit: unit.name,
    xUnit: null,
    x: sorted.map((record) => epoch(at(record))),
    xTexts: sorted.map((record) => whenText(at(record))),
    xRange,
    series: shown.map(({ label, ink, line, area, found }) => ({
      label,
      ink,
      line,
      area,
      values: found.map((value) => (value === null ? null : value / unit.size)),
      texts: found.map((value) => (value === null ? '–' : text(value))),
    })),
    crosses: [],
  };
}
