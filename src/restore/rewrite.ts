import type { ManifestPart } from '../catalog/records.js';
import type { Step } from '../util/lent.js';
import { definerRewrite } from './definer.js';
import type { Definer } from './definers.js';
import { lateKeyRewrite, type Late } from './lateKeys.js';
import type { Mention } from './mention.js';
import { renameRewrite, type Renames } from './rename.js';
import { grantRewrite } from './renameGrants.js';
import { rewritten, type Rewrite } from './statements.js';

/** How the SQL of a backup is changed on its way into a server. */
export interface Changes {
  renames: Renames;
  definer: Definer;
  onMention: (mention: Mention) => void;
}

/**
 * What changes the SQL of a part; null when it stays as it is, as rows always do: their statements name
 * no database.
 */
export function rewriteOf(part: ManifestPart, changes: Changes, late?: Late): Step | null {
  const rewrites: Rewrite[] = [];
  const { renames, definer } = changes;
  const keys = late && part.kind === 'schema' ? lateKeyRewrite(part.database, late) : null;
  if (keys) rewrites.push(keys);
  if (renames.size > 0 && part.kind === 'accounts') rewrites.push(grantRewrite(renames));
  else if (renames.size > 0 && part.kind !== 'data') {
    rewrites.push(renameRewrite(renames, part.database, changes.onMention));
  }
  const hasDefiners = part.kind === 'objects' || part.kind === 'views';
  if (definer !== 'keep' && hasDefiners) rewrites.push(definerRewrite(definer));
  if (rewrites.length === 0) return null;
  return rewritten((statement, quoting) =>
    rewrites.reduce((sql, rewrite) => rewrite(sql, quoting), statement),
  );
}
