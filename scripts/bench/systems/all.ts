import { baton } from './baton.ts';
import { patroniDefault, patroniTuned } from './patroni.ts';
import { pgAutoFailoverDefault, pgAutoFailoverTuned } from './pg-auto-failover.ts';
import { repmgrTuned } from './repmgr.ts';
import type { SystemUnderTest } from './system.ts';

/** In the order of the tables. */
export const systems: readonly SystemUnderTest[] = [
  ...[baton, patroniTuned, patroniDefault],
  ...[pgAutoFailoverTuned, pgAutoFailoverDefault, repmgrTuned],
];
