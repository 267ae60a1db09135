// Runs a command line that sends itself a signal when it comes to a step, or to the beginning, the keys or the end of
// the first part whose key holds a text; or when so many runs of one command have come to a step, each of which waits
// there for the others:
//   node signalAt.js STEP SIGNAL [stillpoint arguments…]
//   node signalAt.js 'load end /data/' SIGNAL [stillpoint arguments…]
//   node signalAt.js 'part /data/' SIGNAL [stillpoint arguments…]   when a part is stored or loaded whole
//   node signalAt.js 'act CHANGE' SIGNAL [stillpoint arguments…]    before a statement that matches is run
//   node signalAt.js 'lag' SIGNAL [stillpoint arguments…]   when it first looks how far behind a replica is
//   node signalAt.js 'dump in 2' SIGNAL [stillpoint arguments…]
//   node signalAt.js 'not in FILE' SIGNAL [stillpoint arguments…]
//       at the first step, statement or part that FILE does not name yet; 'step not in FILE': at the first such step
import { appendFileSync, readFileSync } from 'node:fs';
import { endLater } from '../../dist/cli/ending.js';
import { main } from '../../dist/cli/main.js';

const [at, signal, ...argv] = process.argv.slice(2);
const [, phase, text] = /^load (begin|keys|end) (.*)$/.exec(at) ?? [];
const [, partText] = /^part (.*)$/.exec(at) ?? [];
const [, act] = /^act (.*)$/.exec(at) ?? [];
const [, onlySteps, places] = /^(step )?not in (.*)$/.exec(at) ?? [];
const [, step = at, runs = '1'] = /^(\S+) in (\d+)$/.exec(at) ?? [];
let missing = Number(runs);
let allAreThere;
const meeting = new Promise((resolve) => (allAreThere = resolve));
/** Where a run is, in words that are the same in every run of a command. */
const placeOf = ({ type, step, phase, on, says }) => {
  if (type === 'step') return `step ${step}`;
  if (onlySteps) return null;
  if (type === 'load') return `load ${phase}`;
  if (type !== 'act') return null;
  const unnamed = says.replaceAll(/(['`]).*?\1/g, '…');
  return `${on} ${unnamed.replaceAll(/\S*\d\S*/g, (word) => (/^\d+,?$/.test(word) ? word : '…'))}`;
};
const isNew = (place) => {
  if (place === null) return false;
  const known = readFileSync(places, { encoding: 'utf8', flag: 'a+' }).split('\n');
  if (known.includes(place)) return false;
  appendFileSync(places, `${place}\n`);
  return true;
};
process.exitCode = await main(argv, {
  observe: async (event) => {
    const isStep = event.type === 'step' && event.step === step;
    const isLoad = event.type === 'load' && event.phase === phase && event.key.includes(text);
    const isPart = event.type === 'part' && partText && event.key.includes(partText);
    const isAct = event.type === 'act' && act && new RegExp(act).test(event.says);
    const isLag = event.type === 'lag' && at === 'lag';
    const isUnknown = places !== undefined && isNew(placeOf(event));
    if (!isStep && !isLoad && !isPart && !isAct && !isLag && !isUnknown) return;
    if (--missing > 0) return await meeting;
    process.kill(process.pid, signal);
    allAreThere();
  },
});
endLater();
