export { findBrowser, openBrowser } from './browser.js';
export { startNetwork, type Network } from './network.js';
export { backupPassword, emptyServer, followSql, grantBackup, pairOf, startPair } from './pair.js';
export { startS3, type S3Place } from './s3.js';
export {
  freePort,
  roomyFolder,
  serverAt,
  startServers,
  type OwnServer,
  type RigServer,
  type ServerPlace,
  type Where,
} from './server.js';
export { engines, findTools, type Engine, type EngineTools } from './tools.js';
