import type { RejoinResult } from '../../rejoinPair.js';
import { closedLine } from './promotion.js';
import { fieldsText } from './text.js';

/** What a rejoin did, as lines for people. */
export function rejoinedText(result: RejoinResult): string {
  const { pair, status, source, replica, rescued, seededFrom, seededBecause, engine } = result;
  if (status === 'planned') return `nothing was changed: ${replica} would follow ${source}`;
  if (status === 'nothing') return `${replica} follows ${source} already`;
  const restored = result.seed === null ? 'no: it had all that it needed' : 'from its new source';
  const fields: [string, string][] = [
    ['restored', seededFrom === null ? restored : `from ${seededFrom}`],
    ...(seededBecause === null ? [] : [['because', seededBecause] as [string, string]]),
    ['had alone', rescued === null ? 'nothing' : rescued.transactions],
    ...(rescued?.files ?? []).map(({ key }, i): [string, string] => [
      i === 0 ? 'saved as' : '',
      key,
    ]),
    ['option file', `of ${replica}: ${closedLine(engine)}`],
  ];
  return `${replica} is a replica of ${pair} and follows ${source}\n${fieldsText(fields)}`;
}
