/** What an operator does, at whatever moment. */
import { type FaultSpec, onWorld } from './fault.ts';

const family = 'operator';

export const operatorFaults = {
  switchover: { family, draw: () => onWorld('switchover', (world) => world.operator.askSwitchover()) },
} satisfies Record<string, FaultSpec>;
