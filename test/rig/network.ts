import { execa } from 'execa';
import { readlink } from 'node:fs/promises';
import { waitFor } from '../../src/util/wait.js';
import { tied, type Where } from './server.js';

const places = ['coordinator', 'source', 'replica'] as const;
type Place = (typeof places)[number];

/**
 * A network of three places, each joined to both others by a link of its own that can be cut: then whatever is
 * sent is lost without a word, as behind a firewall or a dead host. Nothing of it is seen from outside, and it
 * goes with this process, whatever ends that: a namespace lives as long as a process in it.
 */
export interface Network {
  /** Where servers run. */
  at: { source: Where; replica: Where };
  /** The command that runs a command at the coordinator. */
  coordinator: (command: readonly string[]) => string[];
  cut(one: Place, other: Place): Promise<void>;
  /** Mends one link, or all. */
  heal(one?: Place, other?: Place): Promise<void>;
  stop(): Promise<void>;
}

const addressOf = (place: Place) => `10.77.0.${places.indexOf(place) + 1}`;
/** Of the end of a link that is at `place`. */
const hardwareOf = (place: Place, other: Place) =>
  `02:00:00:00:${[place, other].map((one) => `0${places.indexOf(one)}`).join(':')}`;
const links: [Place, Place][] = [
  ['coordinator', 'source'],
  ['coordinator', 'replica'],
  ['source', 'replica'],
];
const bridgeOf = (one: Place, other: Place) =>
  `link${links.findIndex((link) => link.includes(one) && link.includes(other))}`;

/** Starts it. Needs root, as the rest of the rig does. */
export async function startNetwork(): Promise<Network> {
  const [middle, ...ends] = await Promise.all(['middle', ...places].map(startNamespace));
  if (!middle) throw new Error('no namespace');
  const at = (place: Place) => ends[places.indexOf(place)]!;
  const stop = async () => {
    for (const one of [middle, ...ends]) await one.stop();
  };
  try {
    await middle.ip(links.flatMap(([one, other], i) => linkLines(i, one, other, at)));
    for (const place of places) await at(place).ip(endLines(place));
  } catch (error) {
    await stop();
    throw error;
  }
  const turn = async (on: 'up' | 'down', which: [Place, Place][]) =>
    await middle.ip(which.map((link) => `link set ${bridgeOf(...link)} ${on}`));
  const where = (place: Place): Where => ({ host: addressOf(place), enter: at(place).enter });
  return {
    at: { source: where('source'), replica: where('replica') },
    coordinator: at('coordinator').enter,
    cut: async (one, other) => await turn('down', [[one, other]]),
    heal: async (one, other) => await turn('up', one && other ? [[one, other]] : links),
    stop,
  };
}

/** A link: a bridge in the middle with a cable to either end, so that nobody there sees that it is cut. */
function linkLines(i: number, one: Place, other: Place, at: (place: Place) => Namespace): string[] {
  const cable = (place: Place, to: Place) => [
    `link add ${i}-${place} type veth peer name to-${to} address ${hardwareOf(place, to)} netns ${at(place).pid}`,
    `link set ${i}-${place} master link${i} up`,
  ];
  return [
    `link add link${i} type bridge`,
    ...cable(one, other),
    ...cable(other, one),
    `link set link${i} up`,
  ];
}

/** One address, the same for both others. Where they are is told once, else a cut would show after a while. */
function endLines(place: Place): string[] {
  const others = places.filter((one) => one !== place);
  return [
    'link set lo up',
    `addr add ${addressOf(place)}/32 dev lo`,
    ...others.flatMap((other) => [
      `link set to-${other} up`,
      `route add ${addressOf(other)} dev to-${other} src ${addressOf(place)}`,
      `neigh add ${addressOf(other)} lladdr ${hardwareOf(other, place)} dev to-${other} nud permanent`,
    ]),
  ];
}

interface Namespace {
  pid: number;
  enter: (command: readonly string[]) => string[];
  /** Runs lines of `ip`. */
  ip(lines: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** A network namespace without a name, held by a process that sleeps. */
async function startNamespace(): Promise<Namespace> {
  const holder = execa(...tied(['unshare', '--net', 'sleep', 'infinity']), {
    reject: false,
    stdin: 'ignore',
  });
  const { pid } = holder;
  if (pid === undefined) throw new Error('no process for a namespace');
  const file = `/proc/${pid}/ns/net`;
  const own = await readlink('/proc/self/ns/net');
  const isThere = async () => ((await readlink(file)) === own ? null : true);
  if (!(await waitFor(isThere, { within: 10 }))) throw new Error('no network namespace: not root?');
  const enter = (command: readonly string[]) => ['nsenter', `--net=${file}`, ...command];
  return {
    pid,
    enter,
    async ip(lines) {
      const [program, ...args] = enter(['ip', '-batch', '-']);
      await execa(program!, args, { input: `${lines.join('\n')}\n` });
    },
    async stop() {
      holder.kill('SIGKILL');
      await holder;
    },
  };
}
