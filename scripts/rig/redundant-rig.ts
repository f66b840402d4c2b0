import { readLeader } from './daemon-facts.ts';
import { type Rig, type RigOptions, startRig } from './rig.ts';

const startLimitMs = 60_000;

/** A rig whose cluster is bootstrapped, cloned and redundant. Says how far it is. */
export async function startRedundantRig(options: RigOptions, say: (text: string) => void): Promise<Rig> {
  const [first, ...others] = options.members;
  say(
    `starting ${options.etcdMembers ?? 1} etcd members, and ${options.members.join(' and ')} with guardian and batond`,
  );
  const rig = await startRig(options);
  try {
    const addresses = rig.clientEndpoints().map(({ name, host, port }) => `${name} at ${host}:${port}`);
    say(`etcd serves; ${addresses.join(', ')}`);
    const leader = await rig.waitFor(`${first} or ${others.join(' or ')} leading`, startLimitMs, () => readLeader(rig));
    say(`${leader.name} leads; its standby is being cloned`);
    await rig.waitFor('redundancy', startLimitMs, async () => (await readLeader(rig))?.redundant === true);
    say('redundant: the standby is streaming and synchronous');
    return rig;
  } catch (error) {
    await rig.stopAll();
    throw error;
  }
}
