import { expect, test } from 'vitest';
import { countStates, proofsOf } from '../../../src/report/proof.js';
import { sampleBackup } from '../../support/history.js';
import { sampleDrill } from '../../support/sampleDrill.js';

const [one, two, three] = ['2026-11-01', '2026-11-02', '2026-11-03'].map((day) =>
  sampleBackup(new Date(`${day}T02:30:00Z`)),
);

test('the newest drill of a backup says whether it is proven', () => {
  const drills = [
    sampleDrill(one!, { failed: true }),
    sampleDrill(one!),
    sampleDrill(two!),
    sampleDrill(two!, { failed: true }),
  ];
  const proofs = proofsOf([one!, two!, three!], drills);
  expect(proofs.map(({ state }) => state)).toEqual(['proven', 'failed', 'unproven']);
  expect(proofs.map(({ drill }) => drill)).toEqual([drills[1], drills[3], null]);
  expect(countStates(proofs)).toEqual({ proven: 1, failed: 1, unproven: 1 });
});
