import type { Promotion } from './catalog/promotions.js';
import type { ServerStatus, Topology } from './pair/topology.js';

/** Says of each replica that takes writes as the source does, while neither follows the other. */
export function bothWrite(
  pair: string,
  { source, replicas }: Topology,
  last: Promotion | null,
): string[] {
  const follows = (one: ServerStatus, other: ServerStatus) =>
    one.channels.some((channel) => channel.source === other.address);
  const apart = replicas.filter(
    (replica) =>
      source.takesWrites === true &&
      replica.takesWrites === true &&
      replica.channels.length === 0 &&
      !follows(source, replica),
  );
  return apart.map((replica) => {
    const which = replica.name === null ? '' : ` --replica ${replica.name}`;
    // The old source has no name.
    const command = last === null ? `pair setup ${pair}${which}` : `pair rejoin ${pair}`;
    return `${source.address ?? ''} and ${replica.address ?? ''} both take writes, and neither follows the other: see where the application writes, and run \`stillpoint ${command}\``;
  });
}
