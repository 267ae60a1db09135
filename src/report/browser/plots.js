// Draws the plots of a page into their places. Stands in the page, after uPlot and the page's data.

/** @import { Plot, PlotPage, Series } from '../plotData.js' */

(() => {
  const root = document.documentElement;
  const paperWidth = 684;
  const dashes = { solid: [], dashed: [6, 3], dotted: [2, 3] };

  /** A colour of the style sheet, as it is now: light, dark or on paper. */
  const colour = (/** @type {string} */ name) => getComputedStyle(root).getPropertyValue(name);

  const inZone = (
    /** @type {string} */ timeZone,
    /** @type {Intl.DateTimeFormatOptions} */ options,
  ) => new Intl.DateTimeFormat('en-US', { timeZone, ...options });

  /**
   * Marks of a calendar axis: `Jun`, `22 Jun` or `03:30`, by how far apart they are; `2027` where a
   * year begins.
   *
   * @param {string} zone
   * @returns {uPlot.Axis.DynamicValues}
   */
  const calendar = (zone) => {
    const month = inZone(zone, { month: 'short' });
    const year = inZone(zone, { year: 'numeric' });
    const day = inZone(zone, { day: 'numeric' });
    const hour = inZone(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    return (_, splits, _axis, _space, apart) =>
      splits.map((seconds) => {
        const at = new Date(seconds * 1000);
        if (apart < 86_400) return hour.format(at);
        if (apart < 28 * 86_400) return `${day.format(at)} ${month.format(at)}`;
        return month.format(at) === 'Jan' ? year.format(at) : month.format(at);
      });
  };

  /**
   * @param {Series} series
   * @param {boolean} sparse whether there are few enough values to show each as a point
   * @returns {uPlot.Series}
   */
  const lineOf = ({ label, ink, line, area }, sparse) => ({
    label,
    width: 1.75,
    dash: dashes[line],
    stroke: () => colour(`--ink-${ink}`),
    fill: () => (area ? colour(`--wash-${ink}`) : 'transparent'),
    points: { show: sparse, size: 6, fill: () => colour(`--ink-${ink}`) },
    spanGaps: true,
  });

  /** A cross at the foot of the plot wherever something failed. @param {number[]} crosses */
  const drawCrosses = (crosses) => (/** @type {uPlot} */ u) => {
    const { ctx, bbox } = u;
    const arm = 4 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = colour('--failed');
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    for (const at of crosses) {
      const x = u.valToPos(at, 'x', true);
      const y = bbox.top + bbox.height - 2 * arm;
      ctx.moveTo(x - arm, y - arm);
      ctx.lineTo(x + arm, y + arm);
      ctx.moveTo(x - arm, y + arm);
      ctx.lineTo(x + arm, y - arm);
    }
    ctx.stroke();
    ctx.restore();
  };

  /**
   * Shows in the legend the values under the cursor; without one the newest, which it begins with.
   *
   * @param {Element} figure
   * @param {Plot} plot
   */
  const followCursor = (figure, plot) => {
    const values = figure.querySelectorAll('.legend .value');
    const when = figure.querySelector('.legend .when');
    return (/** @type {uPlot} */ u) => {
      const i = u.cursor.idx ?? plot.x.length - 1;
      plot.series.forEach(({ texts }, at) => {
        const value = values[at];
        if (value) value.textContent = texts[i] ?? '';
      });
      if (when) when.textContent = plot.xTexts[i] ?? '';
    };
  };

  const width = (/** @type {Element} */ box) =>
    root.classList.contains('paper') ? Math.min(paperWidth, box.clientWidth) : box.clientWidth;
  const sizeOf = (/** @type {Element} */ box) => ({
    width: width(box),
    height: width(box) < 480 ? 180 : 220,
  });

  /**
   * @param {Plot} plot
   * @param {string} zone
   * @returns {[HTMLElement, uPlot] | null}
   */
  const draw = (plot, zone) => {
    const box = document.getElementById(plot.id);
    const figure = box?.closest('figure');
    if (!box || !figure) return null;
    const sparse = plot.x.length <= 60;
    const look = {
      font: '12px system-ui, sans-serif',
      stroke: () => colour('--muted'),
      ticks: { show: false },
    };
    const unit = plot.xUnit;
    /** @type {uPlot.Options} */
    const options = {
      ...sizeOf(box),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: unit === null, range: plot.xRange },
        y: { range: (_, _min, max) => [0, (max || 1) * 1.08] },
      },
      axes: [
        {
          ...look,
          size: 28,
          space: 56,
          grid: { show: false },
          values:
            unit === null
              ? calendar(zone)
              : (_, splits) => splits.map((value) => `${value} ${unit}`),
        },
        {
          ...look,
          size: 62,
          space: 36,
          grid: { stroke: () => colour('--line'), width: 1 },
          values: (_, splits) => splits.map((value) => `${value} ${plot.unit}`),
        },
      ],
      series: [{}, ...plot.series.map((series) => lineOf(series, sparse))],
      hooks: { draw: [drawCrosses(plot.crosses)], setCursor: [followCursor(figure, plot)] },
    };
    const drawn = new uPlot(options, [plot.x, ...plot.series.map(({ values }) => values)], box);
    return [box, drawn];
  };

  const element = document.getElementById('data');
  /** @type {PlotPage} */
  const { zone, plots } = JSON.parse(element?.textContent ?? '{}');
  const drawn = plots.map((plot) => draw(plot, zone)).filter((pair) => pair !== null);

  const fit = () => drawn.forEach(([box, plot]) => plot.setSize(sizeOf(box)));
  const repaint = () => drawn.forEach(([, plot]) => plot.redraw(false));
  const onPaper = (/** @type {boolean} */ paper) => {
    root.classList.toggle('paper', paper);
    fit();
  };
  const sizes = new ResizeObserver(fit);
  for (const [box] of drawn) sizes.observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  matchMedia('print').addEventListener('change', ({ matches }) => onPaper(matches));
  addEventListener('beforeprint', () => onPaper(true));
  addEventListener('afterprint', () => onPaper(false));
})();
