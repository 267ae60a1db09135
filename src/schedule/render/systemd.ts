import { homedir } from 'node:os';
import { dirname, relative } from 'node:path';
import { credentialName, secretFiles } from '../../config/credentials.js';
import { mayFreeze, pairsOf, timingOf, type Schedule } from '../schedule.js';
import { clockChanges, type ClockChange } from '../times.js';
import { onCalendar } from './onCalendar.js';
import { resumeLine, runLine, type Place } from './place.js';

/** The first line of every unit of ours; one without it is somebody else's. */
export const unitMark = '# made by `stillpoint schedule render`, do not edit';

/** A unit file. */
export interface Unit {
  name: string;
  text: string;
}

/** A service and a timer for each schedule. `user` is the account that it runs as. */
export function systemdUnits(place: Place, user: string): Unit[] {
  return place.schedules.flatMap((schedule) => [
    { name: `stillpoint-${schedule.name}.service`, text: service(place, schedule, user) },
    { name: `stillpoint-${schedule.name}.timer`, text: timer(place, schedule) },
  ]);
}

function timer(place: Place, schedule: Schedule): string {
  const timing = timingOf(schedule);
  const changes = timing === null ? [] : clockChanges(timing, place.now).flatMap(changeOf);
  return `${unitMark}
[Unit]
Description=stillpoint ${schedule.name}: when

[Timer]
${changes.map((text) => `# ${text}\n`).join('')}${(timing === null ? [] : onCalendar(timing)).map((value) => `OnCalendar=${value}\n`).join('')}# One that was missed, because the machine was off, is made up for.
Persistent=true
AccuracySec=1min

[Install]
WantedBy=timers.target
`;
}

/** systemd differs from us in a gap: it leaves those times out. */
function changeOf({ kind, date, times, fixed }: ClockChange): string[] {
  if (kind === 'gap') return [`${date}: ${times[0] ?? ''} does not exist, systemd leaves it out`];
  return fixed ? [] : [`${date}: ${times[0] ?? ''} comes twice`];
}

function service(place: Place, schedule: Schedule, user: string): string {
  const { config, configFile } = place;
  const pairs = pairsOf(schedule, Object.keys(config.pairs));
  const state = stateFolder(config.stateDir);
  const writable = [...new Set([...state.writable, ...writtenFolders(place, schedule)])];
  const resumes = mayFreeze(schedule) ? pairs.map((pair) => resumeLine(place, pair)) : [];
  return `${unitMark}
[Unit]
Description=stillpoint ${schedule.name}${schedule.description === undefined ? '' : `: ${escapePercent(schedule.description)}`}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${words(runLine(place, schedule.name))}
# 11: another run holds the lock, and this one is left out.
SuccessExitStatus=11
${resumes.map((argv) => `ExecStopPost=${words(argv)}\n`).join('')}# Only the main process is told to end: it ends its own, and resumes the replica first.
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec=5min

User=${user}
${state.lines.join('\n')}
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# For AWS_… and other variables that the configuration names.
EnvironmentFile=-${word(`${dirname(configFile)}/env`)}
${secretFiles(config, pairs)
  .map((file) => `LoadCredential=${credentialName(file)}:${escapePercent(file)}\n`)
  .join('')}
CapabilityBoundingSet=
LockPersonality=true
NoNewPrivileges=true
PrivateDevices=true
PrivateTmp=true
ProtectClock=true
ProtectControlGroups=true
ProtectHome=read-only
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectSystem=strict
${writable.map((folder) => `ReadWritePaths=-${word(folder)}\n`).join('')}RemoveIPC=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
`;
}

/** Below /var/lib systemd makes the folder and gives it to the user. */
function stateFolder(stateDir: string): { lines: string[]; writable: string[] } {
  const folder = stateDir.startsWith(`${homedir()}/`) ? '/var/lib/stillpoint' : stateDir;
  const below = relative('/var/lib', folder);
  const environment = `Environment=${word(`STILLPOINT_STATE_DIR=${folder}`)}`;
  if (below.startsWith('..')) return { lines: [environment], writable: [folder] };
  return {
    lines: [`StateDirectory=${word(below)}`, 'StateDirectoryMode=0700', environment],
    writable: [],
  };
}

/** Folders that a run writes to, beside the state directory and a /tmp of its own. */
function writtenFolders({ config }: Place, schedule: Schedule): string[] {
  const found: string[] = [];
  for (const store of Object.values(config.stores))
    if (store.type === 'file') found.push(store.path);
  for (const pair of Object.values(config.pairs))
    if (pair.dump.spool.path !== undefined) found.push(pair.dump.spool.path);
  if (config.drill.directory !== undefined) found.push(config.drill.directory);
  if (config.notify.metricsFile !== undefined) found.push(dirname(config.notify.metricsFile));
  if (schedule.action === 'drill' && schedule.options.report !== undefined)
    found.push(dirname(schedule.options.report));
  if (schedule.action === 'report') found.push(dirname(schedule.options.output));
  return found.filter((folder) => folder !== '/tmp');
}

function words(argv: readonly string[]): string {
  return argv.map(word).join(' ');
}

/** Quoted as systemd.service(5) reads it: % and $ begin something there. */
function word(text: string): string {
  const safe = escapePercent(text).replaceAll('$', '$$$$');
  if (/^[\w./:=@+,%$-]+$/.test(safe)) return safe;
  return `"${safe.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}
