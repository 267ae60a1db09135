/** What a definition can be of. In a file of its own, so that who reads a manifest loads no driver of MySQL. */
export const objectKinds = [
  'table',
  'sequence',
  'view',
  'trigger',
  'procedure',
  'function',
  'package',
  'package body',
  'event',
] as const;
export type ObjectKind = (typeof objectKinds)[number];
