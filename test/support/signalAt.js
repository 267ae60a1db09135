// Runs a command line that sends itself a signal when it comes to a step, or to the beginning, the keys or the end of
// the first part whose key holds a text:
//   node signalAt.js STEP SIGNAL [stillpoint arguments…]
//   node signalAt.js 'load end /data/' SIGNAL [stillpoint arguments…]
import { main } from '../../dist/cli/main.js';

const [at, signal, ...argv] = process.argv.slice(2);
const [, phase, text] = /^load (begin|keys|end) (.*)$/.exec(at) ?? [];
process.exitCode = await main(argv, {
  observe: (event) => {
    const isStep = event.type === 'step' && event.step === at;
    const isLoad = event.type === 'load' && event.phase === phase && event.key.includes(text);
    if (isStep || isLoad) process.kill(process.pid, signal);
  },
});
