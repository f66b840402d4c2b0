/** Where a scenario is played: its cast, and steps that wait for facts of the world, never for guessed times. */
import { EtcdFailure } from '../../../src/adapters/etcd/endpoint.ts';
import type { Rule } from '../../../src/core/rules.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';
import { type HeldTransaction, holdTransaction, type Landed, type Matches } from './interference.ts';

/** A fact is looked at so often. */
const lookEveryMs: Ms = 1;
/** After the cluster came up its members still write down what they are. */
const calmMs: Ms = 1_000;

/** What is noted when a play begins. */
export const theBeginning = 'SCENE begins';

export class Stage {
  readonly world: World;
  /** The member that leads when the play begins. */
  readonly primary: Member;
  /** The one that stands by it then; the first of them, where there are two. */
  readonly standby: Member;
  /** The second standby. */
  readonly #third: Member | undefined;

  constructor(world: World) {
    this.world = world;
    const [primary] = world.primaries();
    const [standby, third] = world.members.filter((member) => member !== primary);
    if (primary === undefined || standby === undefined) throw new Error('nobody leads when the play begins');
    this.primary = primary;
    this.standby = standby;
    this.#third = third;
  }

  get third(): Member {
    if (this.#third === undefined) throw new Error('this play has two members');
    return this.#third;
  }

  /** A step that cannot be reached is a violation of its own: the scenario shows nothing then. */
  begin(play: (stage: Stage) => Promise<void>): void {
    const { world } = this;
    world.budget.plays();
    this.lasts(calmMs)
      .then(() => {
        world.note(theBeginning);
        return play(this);
      })
      .then(
        () => world.note('SCENE everything was played'),
        (error: unknown) =>
          world.invariants.violations.push({
            invariant: 'scenario',
            atMs: world.clock.mono(),
            detail: error instanceof Error ? error.message : String(error),
          }),
      );
  }

  /** Something that goes wrong, or is done by an operator. */
  does(what: string, action: () => void): void {
    this.world.note(`SCENE ${what}`);
    action();
  }

  async until(what: string, fact: () => boolean, limitMs: Ms = 10_000): Promise<void> {
    const { clock } = this.world;
    const end = clock.mono() + limitMs;
    while (!fact()) {
      if (clock.mono() >= end) throw new Error(`not within ${limitMs} ms: ${what}`);
      await clock.sleep(lookEveryMs);
    }
    this.world.note(`SCENE seen: ${what}`);
  }

  lasts(ms: Ms): Promise<void> {
    return this.world.clock.sleep(ms);
  }

  /** The next transaction of this member that matches is carried out when it is released, and no sooner. */
  holds(member: Member, what: string, matches: Matches): HeldTransaction {
    const { world } = this;
    const seen: Matches = (txn) => {
      if (!matches(txn)) return false;
      world.note(`SCENE on its way and late: ${what} (${member.name})`);
      return true;
    };
    return holdTransaction(member, seen, (txn) => {
      const landed = this.#land(txn);
      world.note(`SCENE arrives late and is ${landed}: ${what}`);
      return landed;
    });
  }

  #land(txn: Txn): Landed {
    try {
      return this.world.etcd.store.txn(txn, null).applied ? 'applied' : 'refused';
    } catch (error) {
      if (error instanceof EtcdFailure) return 'rejected';
      throw error;
    }
  }

  // --- facts --------------------------------------------------------------------------------------------------------

  leads(member: Member): boolean {
    return this.world.etcd.get('leader')?.value === member.name;
  }

  named(member: Member): boolean {
    return this.world.sync()?.standbys.includes(member.name) === true;
  }

  /** The rule by which its batond acts now; null when it does not run. */
  rule(member: Member): Rule | null {
    return member.batond?.face.latest()?.decision.rule ?? null;
  }

  /** It takes clients' writes. */
  serves(member: Member): boolean {
    return this.world.primaries().includes(member);
  }

  /** The newest acknowledgement is this member's. */
  acknowledges(member: Member): boolean {
    return this.world.invariants.acknowledged.all.at(-1)?.member === member.name;
  }

  fenced(member: Member): boolean {
    return member.running === null;
  }

  // --- what goes wrong ----------------------------------------------------------------------------------------------

  /** The shared configuration with one text in it replaced. */
  configures(from: string, to: string): void {
    const { etcd } = this.world;
    const config = etcd.get('config')?.value ?? '';
    if (!config.includes(from)) throw new Error(`the configuration has no ${from}`);
    this.does(`the configuration says ${to}`, () => etcd.put('config', config.replace(from, to)));
  }

  /** pg_ctl promote, which Baton is not asked about. */
  promotesByHand(member: Member): void {
    const { running } = member;
    if (running === null) throw new Error(`${member.name} has no server to promote`);
    this.does(`somebody promotes ${member.name} by hand`, () => running.recovery.promoteByHand());
  }

  /** No packet between two members. */
  parts(one: Member, other: Member): void {
    this.does(`${one.name} and ${other.name} do not reach each other`, () => {
      this.world.network.cut(one.name, other.name);
      this.world.network.cut(other.name, one.name);
    });
  }

  rejoins(one: Member, other: Member): void {
    this.does(`${one.name} and ${other.name} reach each other`, () => {
      this.world.network.heal(one.name, other.name);
      this.world.network.heal(other.name, one.name);
    });
  }

  losesClients(member: Member): void {
    this.does(`no client reaches ${member.name}`, () => {
      for (const { name } of this.world.clients) {
        this.world.network.cut(name, member.name);
        this.world.network.cut(member.name, name);
      }
    });
  }

  /** One client does not reach it: it will write to whoever else takes writes, while the others stay. */
  losesOneClient(member: Member): void {
    const [client] = this.world.clients;
    if (client === undefined) return;
    this.does(`${client.name} does not reach ${member.name}`, () => {
      this.world.network.cut(client.name, member.name);
      this.world.network.cut(member.name, client.name);
    });
  }

  regainsClients(member: Member): void {
    this.does(`clients reach ${member.name}`, () => {
      for (const { name } of this.world.clients) {
        this.world.network.heal(name, member.name);
        this.world.network.heal(member.name, name);
      }
    });
  }

  /** Neither etcd nor another member reaches it; clients do. */
  isolates(member: Member): void {
    this.losesEtcd(member);
    for (const other of this.world.members) if (other !== member) this.parts(member, other);
  }

  losesEtcd(member: Member): void {
    this.does(`${member.name} does not reach etcd`, () => this.world.etcd.cut(member.name));
  }

  reachesEtcd(member: Member): void {
    this.does(`${member.name} reaches etcd`, () => this.world.etcd.heal(member.name));
  }

  /** etcd deletes the lease that the leader key is on, as its releases before 3.4.29 could after a change of leader. */
  leaseVanishes(): void {
    const { etcd } = this.world;
    const entry = etcd.get('leader');
    if (entry === null) throw new Error('there is no leader key');
    this.does(`etcd deletes the lease of ${entry.value}`, () => etcd.store.revoke(entry.leaseId));
  }

  /** They ran out while etcd stood still. */
  leasesVanish(): void {
    const { store } = this.world.etcd;
    this.does('etcd deletes every lease', () => {
      for (const id of [...store.leases.keys()]) store.revoke(id);
    });
  }
}
