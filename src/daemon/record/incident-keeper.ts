/**
 * Keeps incidents: folds facts, judges them by the contracts, writes them to the local ledger and then to etcd. Those of
 * other members are copied from there to this disk, and every incident is put back into an etcd that lost it.
 */
import { canonicalJson } from '../../core/canonical-json.ts';
import type { ClusterState } from '../../core/cluster.ts';
import { leading } from '../../core/cluster-queries.ts';
import type { Promises } from '../../core/sla/contract.ts';
import { editionOf, type Incident } from '../../core/sla/incident.ts';
import type { Announcement } from '../../core/sla/maintenance/announcement.ts';
import {
  newRecorder,
  recordFact,
  type RecorderFact,
  type RecorderState,
  resumeRecorder,
} from '../../core/sla/recorder.ts';
import type { NearMiss } from '../../core/sla/recorder-fact.ts';
import { outageOf } from '../../core/sla/recorder-state.ts';
import { judged } from '../../core/sla/verdict.ts';
import type { Txn } from '../../core/transaction.ts';
import { type MemberName, memberName, type Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { within } from '../../ports/within.ts';
import { EtcdMirror } from './etcd-mirror.ts';
import { IncidentCopies } from './incident-copies.ts';

export interface IncidentKeeperDeps {
  readonly cluster: string;
  readonly member: MemberName;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Told of each version of an incident that is new here, whoever recorded it. */
  readonly changed: (incident: Incident) => void;
  /** The sites and contracts that rule. */
  readonly promises: () => Promises;
  /** What is announced, by which verdicts exclude. */
  readonly announcements: () => readonly Announcement[];
  /** Probe writes to `leader` failed, and go through again before that was an outage. */
  readonly wroteAgain: (miss: NearMiss, leader: string) => void;
}

const retryAfterMs: Ms = 1_000;
const correctAgainMs: Ms = 10_000;
const ledgerFirstMs: Ms = 1_000;
/** Incidents in memory, here and in the ledger; an etcd that was wiped gets all of them back. */
const ownMax = 1_000;

export class IncidentKeeper {
  readonly #deps: IncidentKeeperDeps;
  #state: RecorderState;
  /** The newest version of what this member recorded since it began. */
  readonly #own = new Map<string, Incident>();
  /** Local disk first, then etcd: an incident of a time without etcd arrives there later, under the same id. */
  readonly #mirror: EtcdMirror;
  /** The version of each of those that was handed to etcd already, whether or not it arrived. */
  readonly #sent = new Map<string, Incident>();
  readonly #copies: IncidentCopies;
  /** Those whose version in etcd was corrected a moment ago. */
  readonly #correcting = new Set<string>();

  constructor(deps: IncidentKeeperDeps) {
    this.#deps = deps;
    this.#mirror = new EtcdMirror(deps, (id) => this.#txnFor(id), ownMax);
    this.#copies = new IncidentCopies(deps);
    const open = deps.ledger
      .incidents()
      .findLast((incident) => incident.state === 'open' && incident.recordedBy === deps.member);
    const fresh = newRecorder(deps.cluster, deps.member);
    this.#state = open === undefined ? fresh : resumeRecorder(fresh, open, deps.clock.mono(), deps.clock.wall());
  }

  get open(): boolean {
    return this.#state.open !== null;
  }

  /** An outage is open, and no good write has ended it. */
  get serviceIsAway(): boolean {
    return outageOf(this.#state) !== null;
  }

  /** Another member that is there records an outage that goes on: the one that made this term, or that befalls it. */
  openElsewhere(state: ClusterState): boolean {
    const term = leading(state)?.term ?? null;
    return this.#copies
      .all()
      .some(
        (each) =>
          each.state === 'open' &&
          each.instants.t7 === null &&
          each.recordedBy !== this.#deps.member &&
          state.members.has(memberName(each.recordedBy)) &&
          (each.termAfter === term || (each.termAfter === null && each.termBefore === term)),
      );
  }

  record(fact: RecorderFact): void {
    const step = recordFact(this.#state, fact);
    this.#state = step.state;
    for (const output of step.output) {
      if (output.kind === 'near-miss') this.#deps.wroteAgain(output.nearMiss, this.#state.leader?.member ?? '');
      else this.#keep(this.#judged(output.incident));
    }
  }

  #judged(incident: Incident): Incident {
    const { contracts, sites } = this.#deps.promises();
    return judged(incident, contracts, sites, this.#deps.announcements());
  }

  #keep(version: Incident): void {
    const { id } = version;
    const known = [this.#own.get(id), this.#copies.get(id)].map((each) => (each === undefined ? 0 : editionOf(each)));
    const incident = { ...version, edition: Math.max(...known) + 1 };
    this.#own.set(id, incident);
    for (const oldest of this.#own.keys())
      if (this.#own.size > ownMax) {
        this.#own.delete(oldest);
        this.#sent.delete(oldest);
      }
    this.#deps.changed(incident);
    void this.#writeDownFirst(incident);
  }

  /** A ledger on a disk that hangs is not waited for longer: then etcd is the place where the incident survives. */
  async #writeDownFirst(incident: Incident): Promise<void> {
    await within(this.#deps.clock, ledgerFirstMs, this.#writeDown(incident));
    if (this.#own.get(incident.id) === incident) this.#mirror.bring(incident.id);
  }

  /** A full disk is no reason to fail: the newest version is appended again until it is there. */
  async #writeDown(incident: Incident): Promise<void> {
    const written = await this.#deps.ledger.append('incident', incident);
    if (written.ok) return;
    this.#deps.journal.happened('ledger-not-written', { id: incident.id, problem: written.error });
    this.#deps.clock.timer(retryAfterMs, () => {
      if (this.#own.get(incident.id) === incident) void this.#writeDown(incident);
    });
  }

  /** A new version of an own one is put, whatever is there; what was sent before, and others', only where it is missing. */
  #txnFor(id: string): Txn | null {
    const own = this.#own.get(id);
    if (own === undefined || this.#sent.get(id) === own) return this.#copies.refill(own ?? this.#copies.get(id));
    this.#sent.set(id, own);
    return { compares: [], writes: [{ op: 'put', key: `incidents/${id}`, value: JSON.stringify(own) }] };
  }

  sawSnapshot(snapshot: Snapshot): void {
    for (const incident of this.#copies.sawSnapshot(snapshot)) {
      if (!this.#own.has(incident.id)) this.#deps.changed(incident);
      this.#goOnFromNewer(incident);
      this.#endLeftOpen(incident);
      this.#copyOrCorrect(incident);
    }
    const others = this.#copies.onDisk().filter(({ id }) => !this.#own.has(id));
    // What was never sent goes by itself, once the disk has it.
    const own = [...this.#own.values()].filter((incident) => this.#sent.get(incident.id) === incident);
    for (const incident of [...others, ...own])
      if (this.#copies.refill(incident) !== null) this.#mirror.bring(incident.id);
  }

  /** What this member recorded itself is never replaced: the recorder's word is made the newest again. */
  #copyOrCorrect(seen: Incident): void {
    if (this.#own.has(seen.id)) this.#correct(seen.id);
    else this.#copies.copy(seen);
  }

  /** Now and then only: two daemons of one name, which both take themselves for the recorder, correct each other for ever. */
  #correct(id: string): void {
    const { clock } = this.#deps;
    const [own, seen] = [this.#own.get(id), this.#copies.inEtcd(id)];
    if (own === undefined || seen === undefined || this.#correcting.has(id)) return;
    if (editionOf(seen) < editionOf(own) || canonicalJson(seen) === canonicalJson(own)) return;
    this.#keep(own);
    this.#correcting.add(id);
    clock.timer(correctAgainMs, () => {
      this.#correcting.delete(id);
      this.#correct(id);
    });
  }

  /**
   * An earlier run of this daemon brought etcd further than its disk, which refused what it wrote: this run, which began
   * with what was on the disk, goes on from there. Closing is final.
   */
  #goOnFromNewer(incident: Incident): void {
    const { id, recordedBy, state } = incident;
    if (this.#state.open?.id !== id || this.#own.has(id) || recordedBy !== this.#deps.member) return;
    const began = this.#deps.ledger.incidents().find((each) => each.id === id);
    if (began === undefined || editionOf(incident) <= editionOf(began)) return;
    const { clock } = this.#deps;
    const without = { ...this.#state, open: null };
    this.#state = state === 'closed' ? without : resumeRecorder(without, incident, clock.mono(), clock.wall());
  }

  /**
   * An earlier run of this daemon left it open in etcd: it died before it had told etcd of the end, or before its disk had
   * the beginning. It goes on if nothing else does.
   */
  #endLeftOpen(incident: Incident): void {
    const { id, recordedBy, state } = incident;
    if (state !== 'open' || recordedBy !== this.#deps.member || this.#own.has(id) || this.#state.open?.id === id)
      return;
    const written = this.#deps.ledger.incidents().find((each) => each.id === id);
    if (written?.state === 'closed') {
      this.#own.set(id, written);
      this.#mirror.bring(written.id);
    } else if (this.#state.open === null) {
      const { clock } = this.#deps;
      this.#state = resumeRecorder(this.#state, incident, clock.mono(), clock.wall());
      this.#keep(incident);
    } else this.#keep({ ...(written ?? incident), state: 'closed', closedBecause: 'superseded' });
  }

  /** Newest last. */
  incidents(): readonly Incident[] {
    const all = new Map(this.#copies.all().map((incident) => [incident.id, incident]));
    for (const [id, incident] of this.#own) all.set(id, incident);
    return [...all.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
