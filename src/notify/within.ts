/** Seconds that each of those who are told may take, where `notify.timeout` says nothing. */
export const usualTimeout = 10;

export { within } from '../util/within.js';
