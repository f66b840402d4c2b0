/** What many faults do to a host, each with its undoing at the healing. */
import type { Stage } from '../fault.ts';
import type { Cut } from '../network.ts';

/** Every process at once; its kernel answers on. */
export async function killHost({ cluster, undo }: Stage, host: string): Promise<void> {
  undo(() => cluster.switchOn(host));
  await cluster.killHost(host);
}

/** Nothing of it answers any more. */
export async function cutPower({ cluster, undo }: Stage, host: string): Promise<void> {
  undo(() => cluster.switchOn(host));
  await cluster.cutPower(host);
}

export async function freezeHost({ cluster, undo }: Stage, host: string): Promise<void> {
  undo(() => cluster.thawHost(host));
  await cluster.freezeHost(host);
}

export function cutOff({ cluster, undo }: Stage, host: string, cut: Cut): void {
  undo(() => cluster.network.heal(host));
  cluster.network.cut(host, cut);
}

/** Somebody, systemd for instance, starts it again at the healing. */
export async function killBatond({ cluster: { rig }, undo }: Stage, member: string): Promise<void> {
  undo(() => rig.restartNode(member));
  await rig.member(member).kill('batond');
}
