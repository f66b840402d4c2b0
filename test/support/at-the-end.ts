/** After all tests of a run: their postmasters are gone, many of them killed, and their directories too. */
import { removeDeadSharedMemory } from '../../scripts/rig/shared-memory.ts';

export default function atTheEnd(): () => void {
  return removeDeadSharedMemory;
}
