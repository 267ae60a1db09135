import type { DrillRecord } from '../catalog/drillRecord.js';
import { secondsText } from '../util/text.js';
import type { Plot } from './plotData.js';
import { timeUnit } from './scale.js';

/** How the lag of a restored server fell; null when too little of it was seen for a plot. */
export function catchUpPlot(catchUp: NonNullable<DrillRecord['catchUp']>): Plot | null {
  const lag = [...catchUp.lag].sort((a, b) => a.at - b.at);
  if (lag.length < 2) return null;
  const end = Math.max(...lag.map(({ at }) => at));
  const xUnit = timeUnit(end);
  const unit = timeUnit(Math.max(...lag.map(({ seconds }) => seconds)));
  return {
    id: 'plot-catch-up',
    title: 'Lag behind the source',
    unit: unit.name,
    xUnit: xUnit.name,
    x: lag.map(({ at }) => at / xUnit.size),
    xTexts: lag.map(({ at }) => `after ${secondsText(at)}`),
    xRange: [0, end / xUnit.size],
    series: [
      {
        label: 'lag',
        ink: 1,
        line: 'solid',
        area: true,
        values: lag.map(({ seconds }) => seconds / unit.size),
        texts: lag.map(({ seconds }) => secondsText(seconds)),
      },
    ],
    crosses: [],
  };
}
