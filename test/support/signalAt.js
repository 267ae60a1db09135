// Runs a command line that sends itself a signal when it comes to a step:
//   node signalAt.js STEP SIGNAL [stillpoint arguments…]
import { main } from '../../dist/cli/main.js';

const [step, signal, ...argv] = process.argv.slice(2);
process.exitCode = await main(argv, {
  observe: (event) => {
    if (event.type === 'step' && event.step === step) process.kill(process.pid, signal);
  },
});
