import { join } from 'node:path';
import { z } from 'zod';
import { promotionSchema, type Promotion } from '../catalog/promotions.js';
import { stateFile, type StateFile } from '../util/stateFile.js';

/** Promotions of a pair that its store has not taken yet, the newest last. */
export interface KeptPromotions extends StateFile<Promotion[]> {
  readonly path: string;
}

/** One file in the state directory. */
export function openKeptPromotions(stateDir: string, pair: string): KeptPromotions {
  const path = join(stateDir, `${encodeURIComponent(pair)}.promoted.json`);
  const hint =
    'It holds what is to be stored below promotions/; move it away when it is beyond repair.';
  return { path, ...stateFile(path, z.array(promotionSchema), hint) };
}
