import { DateTime } from 'luxon';
import { markup, type Html } from './markup.js';

const local = (iso: string) => DateTime.fromISO(iso).setLocale('en');

/** `22 Nov 2026, 03:30` in the zone of the machine that makes the page. */
export const whenText = (iso: string): string => local(iso).toFormat('d LLL yyyy, HH:mm');

/** `22 Nov 2026`. */
export const dayText = (iso: string): string => local(iso).toFormat('d LLL yyyy');

/** The same as an element that machines can read. */
export const when = (iso: string): Html => markup`<time datetime="${iso}">${whenText(iso)}</time>`;

/** Seconds since 1970, for a plot. */
export const epoch = (iso: string): number => Date.parse(iso) / 1000;

/** IANA name of that zone. */
export const zoneName = (): string => DateTime.local().zoneName;
