/**
 * Whose rights views and stored programs run with: those of the account that the backup names, those of
 * the account that restores, or no word about it, which comes to the same.
 */
export const definers = ['keep', 'current', 'drop'] as const;
export type Definer = (typeof definers)[number];
