import type { Config } from './config/schema.js';
export interface Finding {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  fix?: string;
}
export async function doctor(_config: Config, _pair: string): Promise<Finding[]> {
  return [];
}
