// What the script of a page draws from: it stands in the page as JSON, and both sides share these types.

/** One line of a plot, over the plot's `x`. */
export interface Series {
  label: string;
  /** Which colour of the style sheet: `--ink-1` to `--ink-4`. */
  ink: 1 | 2 | 3 | 4;
  line: 'solid' | 'dashed' | 'dotted';
  /** Shade what is below the line. */
  area: boolean;
  /** In the plot's unit; null where there is none. */
  values: (number | null)[];
  /** The same for people, in whichever unit suits each. */
  texts: string[];
}

export interface Plot {
  /** Of the element that it is drawn into. */
  id: string;
  title: string;
  /** Unit of the y axis. */
  unit: string;
  /** Unit of the x axis; null when it is the calendar, in seconds since 1970. */
  xUnit: string | null;
  x: number[];
  /** The same for people. */
  xTexts: string[];
  /** Where the x axis begins and ends. */
  xRange: [number, number];
  series: Series[];
  /** Where on the x axis something failed. */
  crosses: number[];
}

/** What the script needs of a page's JSON. */
export interface PlotPage {
  /** IANA name of the time zone that the page tells times in. */
  zone: string;
  plots: Plot[];
}
