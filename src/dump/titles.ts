import type { Lane } from './lanes.js';
import type { PartPlan } from './plan.js';

/** For messages: `rows of shop.orders`. */
export function titleOf(part: PartPlan | null): string {
  if (!part) return 'accounts';
  const number = part.where === null && part.index === 1 ? '' : ` (${part.index})`;
  const table = part.ofTable === null ? '' : `.${part.ofTable}${number}`;
  return `${part.kind === 'data' ? 'rows' : part.kind} of ${part.database}${table}`;
}

/** For messages: `rows of a, b and 98 more`. */
export function titleOfLane({ parts }: Lane): string {
  const names = [...new Set(parts.map((part) => titleOf(part).replace(/^\w+ of /, '')))];
  const [first] = parts;
  const shown = names.slice(0, 2).join(', ');
  const more = names.length > 2 ? ` and ${names.length - 2} more` : '';
  return `${first.kind === 'data' ? 'rows' : first.kind} of ${shown}${more}`;
}
