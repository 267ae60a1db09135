import { StillpointError } from '../errors.js';
import { didYouMean } from './nearest.js';
import type { NotifyConfig } from './notify.js';
import { replicasOf } from './replicas.js';
import type { Config, PairConfig, PairEntry, StoreConfig, TargetConfig } from './schema.js';

/** A pair of the configuration with its name and its store. */
export interface ChosenPair {
  name: string;
  /** `replica` is the one to work on: of several that of highest preference, until one is picked. */
  pair: PairConfig;
  /** Of `pair.replica`, where the pair has several. */
  replicaName: string | null;
  storeName: string;
  store: StoreConfig;
}

/**
 * The pair of that name, or the only one there is when none is named, with its store. Throws `usage`
 * when there is no such pair, or several to choose from: then `hint` says how to.
 */
export function resolvePair(
  config: Config,
  name?: string,
  hint = 'Name one of them after the command.',
): ChosenPair {
  const names = Object.keys(config.pairs);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined)
    throw new StillpointError('usage', `which pair? there are ${names.join(', ')}`, {
      hint,
    });
  const entry = own(config.pairs, chosen);
  if (entry === undefined)
    throw new StillpointError('usage', `no pair "${chosen}"${didYouMean(chosen, names)}`, {
      hint: `The configuration has ${names.join(', ')}.`,
    });
  const storeName = entry.store ?? Object.keys(config.stores)[0] ?? '';
  const store = own(config.stores, storeName);
  if (store === undefined)
    throw new StillpointError('config', `pair ${chosen} names no store of the configuration`, {
      hint: `It has ${Object.keys(config.stores).join(', ')}.`,
    });
  return { name: chosen, ...withFirst(entry, chosen), storeName, store };
}

/** The replica of highest preference, the first of these in the file. */
function withFirst(entry: PairEntry, name: string): Pick<ChosenPair, 'pair' | 'replicaName'> {
  const [first] = replicasOf(entry).sort((a, b) => b.preference - a.preference);
  if (!first) throw new StillpointError('config', `pair ${name} has no replica`);
  return { pair: { ...entry, replica: first.server }, replicaName: first.name };
}

/** The same pair with the replica of that name. Throws `usage` when it has none of that name. */
export function withReplica(chosen: ChosenPair, name: string): ChosenPair {
  const replicas = replicasOf(chosen.pair);
  const found = replicas.find((one) => one.name === name);
  if (found)
    return { ...chosen, pair: { ...chosen.pair, replica: found.server }, replicaName: found.name };
  const names = replicas.flatMap((one) => one.name ?? []);
  throw new StillpointError(
    'usage',
    `pair ${chosen.name} has no replica "${name}"${didYouMean(name, names)}`,
    {
      hint:
        names.length === 0
          ? 'It has one without a name: leave out --replica.'
          : `It has ${names.join(', ')}.`,
    },
  );
}

/** The pair of that name, or all when none is named. Throws `usage` when there is no such pair. */
export function pairNames(config: Config, name?: string): string[] {
  return name === undefined ? Object.keys(config.pairs) : [resolvePair(config, name).name];
}

/** All pairs, for a command that was told `--all`. Throws `usage` when a pair is named all the same. */
export function allPairs(config: Config, name?: string): string[] {
  if (name === undefined) return Object.keys(config.pairs);
  throw new StillpointError('usage', `--all and the pair "${name}" exclude each other`, {
    hint: 'Leave out one of them.',
  });
}

/** The target of that name. Throws `usage` when there is none. */
export function targetOf(config: Config, name: string): TargetConfig {
  const target = own(config.targets, name);
  if (target) return target;
  const names = Object.keys(config.targets);
  throw new StillpointError(
    'usage',
    `no target "${name}" in the configuration${didYouMean(name, names)}`,
    { hint: `It has ${names.join(', ') || 'none'}; targets are servers to restore into.` },
  );
}

/** Who is told of a pair's runs: its own `notify` wins, key by key, over that of the whole file. */
export function notifyOf(config: Config, pair: string | null): NotifyConfig {
  return { ...config.notify, ...(pair === null ? {} : own(config.pairs, pair)?.notify) };
}

// So that a pair called "constructor" is not found on the prototype.
function own<T>(map: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
