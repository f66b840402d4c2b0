/** A real cluster for a test: `await using cluster = await aCluster({ members: ['a', 'b'] })`. */
import { type Rig, type RigOptions, startRig } from '../../scripts/rig/rig.ts';

const redundantLimitMs = 60_000;

/** Ends when one member leads and, with more than one, redundancy is there. */
export async function aCluster(options: Partial<RigOptions> = {}): Promise<Rig> {
  const rig = await startRig({ members: ['a', 'b'], ...options });
  try {
    await rig.waitFor('the new cluster serves and is redundant', redundantLimitMs, () => rig.steady());
    return rig;
  } catch (error) {
    await rig.stopAll();
    throw error;
  }
}
