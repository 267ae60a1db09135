/**
 * stillpoint as a library. The words, as they are used everywhere:
 *
 * - **pair**: a source and its replica, as the configuration names them.
 * - **source**, **replica**: the server that is written to, and the one that follows it (elsewhere:
 *   master and slave). A **channel** is one stream of replication into a replica; its **receiver** (I/O
 *   thread) fetches, its **applier** (SQL thread) applies.
 * - **freeze**: from the moment the appliers are stopped until they run again; the **pause** is how long
 *   that takes. The **lease** is a connection that starts the appliers again should we die; the
 *   **journal** is what the next run repairs from; the **fence** proves that nothing moved.
 * - **coordinates**: where the replica stood, as file and position of the source and as GTID.
 * - **part**: one stored object of a backup; **manifest**: the list of them; **commit**: the writing of
 *   `backup.json`, before which a backup does not exist.
 * - **retention**: which backups stay; **prune** removes the others; a **pin** keeps one in any case.
 * - **store**: where backups lie. **target**: a server to restore into.
 *
 * @example
 * const { config } = await loadConfig();
 * const { id } = await backup(config, { pair: 'shop' });
 * await restoreBackup(config, { backup: id, to: 'staging' });
 */
export { backup, type BackupOptions } from './backup.js';
export type { Pin } from './catalog/pins.js';
export type { DrillCheck, DrillRecord } from './catalog/drillRecord.js';
export type { BackupRecord, Manifest, ManifestPart, ManifestTable } from './catalog/records.js';
export { loadConfig } from './config/load.js';
export type { Config } from './config/schema.js';
export { doctor, type Finding } from './doctor.js';
export { drillBackup, type DrillOptions } from './drillBackup.js';
export { exitStatus, exitStatusOf, StillpointError } from './errors.js';
export { forPairs, type ForPairsOptions, type PairOutcome } from './forPairs.js';
export { makeReport, type Report, type ReportOptions } from './makeReport.js';
export { openBackup, type OpenBackup } from './openBackup.js';
export type { RejoinOptions, RejoinResult } from './rejoinOptions.js';
export { rejoinPair } from './rejoinPair.js';
export { restoreBackup } from './restoreBackup.js';
export type { RestoreBackupOptions, RestoreResult } from './restoreOptions.js';
export { pinBackup, unpinBackup, type PinOptions } from './pin.js';
export type { PromoteOptions, PromoteResult } from './promoteOptions.js';
export { promotePair } from './promotePair.js';
export { prune, type PrunedBackup, type PruneOptions, type PruneResult } from './prune.js';
export { resume } from './resume.js';
export type { SetUpPairOptions, SetUpResult } from './setUpOptions.js';
export { setUpPair } from './setUpPair.js';
export { snapshot, type SnapshotOptions, type SnapshotResult } from './snapshot.js';
export { statusOf, type PairStatus } from './status.js';
export type { Outcome } from './notify/outcome.js';
export { told, type ToldOptions } from './told.js';
export { steps, type Observe, type RunEvent, type Step } from './util/observe.js';
export { verify } from './verify.js';
