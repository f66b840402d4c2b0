/** A real cluster for a test: `await using cluster = await aCluster({ members: ['a', 'b'] })`. */
import { type Rig, type RigOptions, startRig } from '../../scripts/rig/rig.ts';

const redundantLimitMs = 60_000;
/** A test does in a minute what would hold automation in production. */
const shared = { failover: { cooldown: '999 in 1h', crashBudget: '999 in 10m' } };

/** Ends when one member leads and, with more than one, redundancy is there. */
export async function aCluster(options: Partial<RigOptions> = {}): Promise<Rig> {
  const rig = await startRig({ members: ['a', 'b'], ...options, shared: { ...shared, ...options.shared } });
  try {
    await rig.waitFor('the new cluster serves and is redundant', redundantLimitMs, () => rig.steady());
    return rig;
  } catch (error) {
    await rig.stopAll();
    throw error;
  }
}
