/** Keeps incidents: folds facts, judges them by the contracts, writes them to the local ledger and then to etcd. */
import type { ClusterState } from '../../core/cluster.ts';
import { leading } from '../../core/cluster-queries.ts';
import type { Promises } from '../../core/sla/contract.ts';
import type { Incident } from '../../core/sla/incident.ts';
import type { Announcement } from '../../core/sla/maintenance/announcement.ts';
import {
  newRecorder,
  recordFact,
  type RecorderFact,
  type RecorderState,
  resumeRecorder,
} from '../../core/sla/recorder.ts';
import { outageOf } from '../../core/sla/recorder-state.ts';
import { judged } from '../../core/sla/verdict.ts';
import type { Txn } from '../../core/transaction.ts';
import { type MemberName, memberName, type Ms } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { incidentSchema } from '../../wire/incident.ts';
import { readJson } from '../../wire/json-text.ts';
import { within } from '../within.ts';
import { EtcdMirror } from './etcd-mirror.ts';

export interface IncidentKeeperDeps {
  readonly cluster: string;
  readonly member: MemberName;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Told of each version of an incident that is new here, whoever recorded it. */
  readonly changed: (incident: Incident) => void;
  /** Sites and contracts of a shared configuration, as text from etcd; null when it cannot be read. */
  readonly promisesOf: (configText: string) => Promises | null;
  /** What is announced, by which verdicts exclude. */
  readonly announcements: () => readonly Announcement[];
}

const retryAfterMs: Ms = 1_000;
const ledgerFirstMs: Ms = 1_000;
/** Incidents that wait to be written to etcd; the ledger has them all. */
const mirrorQueueMax = 100;
const ownMax = 1_000;

export class IncidentKeeper {
  readonly #deps: IncidentKeeperDeps;
  #state: RecorderState;
  #promises: Promises = { sites: [], contracts: [] };
  #configText: string | null = null;
  /** The newest version of what this member recorded since it began. */
  readonly #own = new Map<string, Incident>();
  /** Local disk first, then etcd: an incident of a time without etcd arrives there later, under the same id. */
  readonly #mirror: EtcdMirror;
  readonly #fromEtcd = new Map<string, Incident>();
  /** Value text last parsed for each key: a snapshot of every revision must not be parsed whole again. */
  readonly #parsed = new Map<string, string>();

  constructor(deps: IncidentKeeperDeps) {
    this.#deps = deps;
    this.#mirror = new EtcdMirror(deps, (id) => this.#txnFor(id), mirrorQueueMax);
    const open = deps.ledger
      .incidents()
      .findLast((incident) => incident.state === 'open' && incident.recordedBy === deps.member);
    const fresh = newRecorder(deps.cluster, deps.member);
    this.#state = open === undefined ? fresh : resumeRecorder(fresh, open, deps.clock.mono(), deps.clock.wall());
  }

  /** The sites and contracts in force. */
  get promises(): Promises {
    return this.#promises;
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
    return [...this.#fromEtcd.values()].some(
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
      if (output.kind === 'near-miss') this.#deps.journal.happened('near-miss', { ...output.nearMiss });
      else this.#keep(this.#judged(output.incident));
    }
  }

  #judged(incident: Incident): Incident {
    const { contracts, sites } = this.#promises;
    return judged(incident, contracts, sites, this.#deps.announcements());
  }

  #keep(incident: Incident): void {
    this.#own.set(incident.id, incident);
    for (const id of this.#own.keys()) if (this.#own.size > ownMax) this.#own.delete(id);
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

  #txnFor(id: string): Txn | null {
    const newest = this.#own.get(id);
    if (newest === undefined) return null;
    return { compares: [], writes: [{ op: 'put', key: `incidents/${id}`, value: JSON.stringify(newest) }] };
  }

  sawSnapshot(snapshot: Snapshot): void {
    const config = snapshot.entries.get('config')?.value ?? null;
    if (config !== null && config !== this.#configText) {
      this.#configText = config;
      this.#promises = this.#deps.promisesOf(config) ?? this.#promises;
    }
    for (const [key, entry] of snapshot.entries) {
      if (!key.startsWith('incidents/') || this.#parsed.get(key) === entry.value) continue;
      this.#parsed.set(key, entry.value);
      const incident = parseIncident(entry.value);
      if (incident !== null) {
        this.#fromEtcd.set(incident.id, incident);
        if (!this.#own.has(incident.id)) this.#deps.changed(incident);
        this.#endLeftOpen(incident);
      } else this.#deps.journal.happened('incident-unreadable', { key });
    }
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

  /** Newest last. What this member recorded itself is never replaced by what etcd says of it. */
  incidents(): readonly Incident[] {
    const all = new Map(this.#fromEtcd);
    for (const incident of this.#deps.ledger.incidents())
      if (incident.recordedBy === this.#deps.member) all.set(incident.id, incident);
    for (const [id, incident] of this.#own) all.set(id, incident);
    return [...all.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Null for half an incident too: every answer that lists incidents would fail on it. */
function parseIncident(text: string): Incident | null {
  const read = readJson(incidentSchema, text);
  return read.ok ? read.value : null;
}
