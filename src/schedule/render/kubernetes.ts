import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { resolvePair } from '../../config/choose.js';
import { filesRead } from '../../config/credentials.js';
import { serversOf } from '../../config/replicas.js';
import type { Config } from '../../config/schema.js';
import { plainCron } from '../cron.js';
import { argvOf, mayFreeze, pairsOf, timingOf, type Schedule } from '../schedule.js';
import { changeText, clockChanges } from '../times.js';
import type { Place } from './place.js';

/** Where it runs in the cluster. */
export interface Cluster {
  image: string;
  namespace: string;
}

const uid = 65532;
const stateDir = '/var/lib/stillpoint';

/**
 * Manifests for a fleet: one CronJob for each schedule and pair, and for each pair a volume for its
 * journal and a job that resumes. The journal must outlive the pod: `resume --if-frozen` reads it to see
 * whether there is anything to do. Without it the lease still resumes the replica.
 */
export function kubernetesManifests(place: Place, cluster: Cluster): string {
  const { config, schedules, configFile } = place;
  const pairs = Object.keys(config.pairs);
  const documents: unknown[] = [];
  for (const pair of pairs) {
    const own = schedules.filter((one) => pairsOf(one, pairs).includes(pair));
    if (own.length === 0) continue;
    documents.push(volumeClaim(pair, cluster));
    if (own.some(mayFreeze)) documents.push(resumeJob(place, pair, cluster));
    for (const schedule of own) documents.push(cronJob(place, schedule, pair, cluster));
  }
  documents.push(networkPolicy(config, cluster));
  const files = [...new Set(pairs.flatMap((pair) => filesRead(config, [pair])))];
  const head = [
    '# made by `stillpoint schedule render --to kubernetes`',
    '# It needs the configuration and its secrets in the namespace:',
    `#   kubectl -n ${cluster.namespace} create configmap stillpoint --from-file=config=${configFile}`,
    ...(files.length === 0
      ? []
      : [
          `#   kubectl -n ${cluster.namespace} create secret generic stillpoint \\`,
          files.map((file) => `#     --from-file=${keyOf(file)}=${file}`).join(' \\\n'),
        ]),
    '# and, for AWS_… and other variables, a secret stillpoint-env if there are any.',
    ...pairs.flatMap((pair) => folderOf(config, pair)),
    ...schedules.flatMap((schedule) => changesOf(schedule, place.now)),
  ];
  const yaml = documents.map((one) =>
    stringify(one, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return `${head.join('\n')}\n${yaml.map((text) => `---\n${text}`).join('')}`;
}

/** A store that is a folder needs a volume, which only the owner of the cluster can choose. */
function folderOf(config: Config, pair: string): string[] {
  const { store } = resolvePair(config, pair);
  if (store.type !== 'file') return [];
  return [
    `# The backups of ${pair} go to the folder ${store.path}: mount a volume there, or use S3.`,
  ];
}

/** Kubernetes' own rules differ from ours: what falls into a gap is left out. */
function changesOf(schedule: Schedule, now: Date): string[] {
  const timing = timingOf(schedule);
  if (timing === null) return [];
  return clockChanges(timing, now)
    .filter(({ kind }) => kind === 'gap')
    .map(
      (change) =>
        `# ${schedule.name}: ${changeText(change).replace(/,.*/, '')}: Kubernetes leaves it out`,
    );
}

function metadata(name: string, pair: string | null, { namespace }: Cluster) {
  const labels = {
    'app.kubernetes.io/name': 'stillpoint',
    ...(pair === null ? {} : { 'stillpoint/pair': label(pair) }),
  };
  return { name, namespace, labels };
}

function cronJob(place: Place, schedule: Schedule, pair: string, cluster: Cluster) {
  const name = resourceName(`stillpoint-${pair}-${schedule.name}`);
  const when = { schedule: plainCron(schedule.cron ?? ''), timeZone: schedule.zone };
  return job(place, { name, pair, ...when, argv: argvOf(schedule, pair), deadline: 3600 }, cluster);
}

function resumeJob(place: Place, pair: string, cluster: Cluster) {
  const name = resourceName(`stillpoint-${pair}-resume`);
  const when = { schedule: '*/10 * * * *', timeZone: 'UTC' };
  const argv = ['resume', pair, '--if-frozen'];
  return job(place, { name, pair, ...when, argv, deadline: 300 }, cluster);
}

interface Job {
  name: string;
  pair: string;
  schedule: string;
  timeZone: string;
  argv: string[];
  /** Seconds within which a missed start is made up for. */
  deadline: number;
}

function job(
  place: Place,
  { name, pair, schedule, timeZone, argv, deadline }: Job,
  cluster: Cluster,
) {
  const { config, configFile } = place;
  const files = filesRead(config, [pair]);
  const mountsOfFiles = files.map((file) => ({
    ...{ name: 'secrets', mountPath: file, subPath: keyOf(file), readOnly: true },
  }));
  const container = {
    name: 'stillpoint',
    image: cluster.image,
    args: ['-c', configFile, ...argv],
    env: [
      { name: 'STILLPOINT_STATE_DIR', value: stateDir },
      { name: 'HOME', value: '/tmp' },
    ],
    envFrom: [{ secretRef: { name: 'stillpoint-env', optional: true } }],
    resources: { requests: { cpu: '500m', memory: '512Mi' }, limits: { memory: '2Gi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'config', mountPath: configFile, subPath: 'config', readOnly: true },
      ...mountsOfFiles,
      { name: 'state', mountPath: stateDir },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  const pod = {
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
    // For the resume that comes before the end.
    terminationGracePeriodSeconds: 300,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: uid, fsGroup: uid },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container],
    volumes: [
      { name: 'config', configMap: { name: 'stillpoint' } },
      ...(files.length === 0
        ? []
        : [{ name: 'secrets', secret: { secretName: 'stillpoint', defaultMode: 0o440 } }]),
      { name: 'state', persistentVolumeClaim: { claimName: claimName(pair) } },
      { name: 'tmp', emptyDir: {} },
    ],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadata(name, pair, cluster),
    spec: {
      ...{ schedule, timeZone, concurrencyPolicy: 'Forbid', startingDeadlineSeconds: deadline },
      ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 5 },
      jobTemplate: {
        spec: {
          // The next run is the next try: a freeze is not repeated blindly.
          backoffLimit: 0,
          template: { metadata: { labels: metadata(name, pair, cluster).labels }, spec: pod },
        },
      },
    },
  };
}

function volumeClaim(pair: string, cluster: Cluster) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(claimName(pair), pair, cluster),
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '100Mi' } } },
  };
}

/** Nothing comes in; names, the servers' ports and https go out. */
function networkPolicy(config: Config, cluster: Cluster) {
  const servers = Object.values(config.pairs).flatMap(serversOf);
  const endpoints = Object.values(config.stores).flatMap((store) =>
    store.type === 's3' && store.endpoint !== undefined ? [portOf(new URL(store.endpoint))] : [],
  );
  const ports = [...new Set([443, ...servers.map(({ port = 3306 }) => port), ...endpoints])];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata('stillpoint', null, cluster),
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'stillpoint' } },
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        { ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })) },
        { ports: ports.sort((a, b) => a - b).map((port) => ({ protocol: 'TCP', port })) },
      ],
    },
  };
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

const claimName = (pair: string) => resourceName(`stillpoint-${pair}-state`);

/** Keys of a secret: letters, digits, `-`, `_` and `.`. */
function keyOf(file: string): string {
  return file.replace(/^\//, '').replaceAll(/[^A-Za-z0-9._-]/g, '-');
}

/** A CronJob's name has at most 52 lower-case letters, digits and `-`; what had to change adds a hash. */
function resourceName(wanted: string): string {
  if (wanted.length <= 52 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(wanted)) return wanted;
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 8);
  const plain = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 43);
  return `${plain.replace(/-+$/, '')}-${hash}`;
}

/** The value of a label ends with a letter or digit. */
function label(text: string): string {
  return text.replace(/[^A-Za-z0-9]+$/, '');
}
