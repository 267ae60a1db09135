import { StillpointError } from '../../../errors.js';
import { crontabBlock } from '../../../schedule/render/crontab.js';
import {
  crontabChange,
  unitsChange,
  unitsRemoval,
  type Change,
} from '../../../schedule/render/install.js';
import { kubernetesManifests } from '../../../schedule/render/kubernetes.js';
import type { Place } from '../../../schedule/render/place.js';
import { systemdUnits } from '../../../schedule/render/systemd.js';

export interface RenderFlags {
  to: 'crontab' | 'systemd' | 'kubernetes';
  install?: boolean;
  uninstall?: boolean;
  dryRun?: boolean;
  user: string;
  image?: string;
  namespace: string;
}

/** What is printed. */
export function textOf(place: Place, flags: RenderFlags): string {
  if (flags.to === 'crontab') return crontabBlock(place, machineZone());
  if (flags.to === 'systemd')
    return systemdUnits(place, flags.user)
      .map(({ name, text }) => `# /etc/systemd/system/${name}\n${text}`)
      .join('\n');
  if (flags.image !== undefined)
    return kubernetesManifests(place, { image: flags.image, namespace: flags.namespace });
  throw new StillpointError('usage', 'which image? there is no public one', {
    hint: 'Build one as docs/schedules.md shows, and name it with --image.',
  });
}

/** What an installation would change. */
export async function changeOf(
  place: Place,
  flags: RenderFlags,
  names: readonly string[],
): Promise<Change> {
  const { to, uninstall } = flags;
  if (to === 'crontab')
    return await crontabChange(uninstall ? null : crontabBlock(place, machineZone()));
  if (to === 'systemd')
    return uninstall
      ? await unitsRemoval(names)
      : await unitsChange(systemdUnits(place, flags.user));
  throw new StillpointError('usage', 'a cluster is not installed to from here', {
    hint: 'Print the manifests and give them to `kubectl apply -f -`.',
  });
}

/** The zone that the machine's cron reads times in. */
function machineZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
