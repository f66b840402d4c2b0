/** Looks for evidence of each incident on this host, at the time, and keeps what it finds. Never in the way of a failover. */
import {
  bounded,
  type EvidenceBundle,
  type EvidenceMoment,
  evidenceKey,
  type Found,
} from '../../core/sla/evidence/bundle.ts';
import { beginning } from '../../core/sla/beginning.ts';
import { evidenceDue, outageLimitMs } from '../../core/sla/evidence/due.ts';
import type { Incident } from '../../core/sla/incident.ts';
import { type MemberName, type Ms, second, wallMs } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EvidenceSource } from '../../ports/evidence.ts';
import type { Log } from '../../ports/log.ts';
import type { Records } from './records.ts';

export interface EvidenceKeeperDeps {
  readonly member: MemberName;
  readonly clock: Clock;
  readonly evidence: EvidenceSource;
  readonly log: Log;
}

/** How long before an incident its story begins. */
const leadMs: Ms = 30 * second;
const collectLimitMs: Ms = 10 * second;
/** Incidents that are followed at one time; the oldest gives way. */
const followedMax = 20;
/** Looks remembered although they found nothing: far more than are due while an incident is recent. */
const doneMax = 10 * followedMax;

export class EvidenceKeeper {
  readonly #deps: EvidenceKeeperDeps;
  readonly #records: Records;
  /** The newest version of each incident that is not looked at to its end. */
  readonly #followed = new Map<string, Incident>();
  /** Looked at already by this process, whether or not anything was found. */
  readonly #done = new Set<string>();
  #busy = false;

  constructor(deps: EvidenceKeeperDeps, records: Records) {
    this.#deps = deps;
    this.#records = records;
  }

  saw(incident: Incident): void {
    const { clock, evidence } = this.#deps;
    const begin = beginning(incident);
    if (begin === null || this.#due(incident).length + this.#later(incident) === 0) return;
    if (!this.#followed.has(incident.id)) {
      void evidence.before(incident.id);
      clock.timer(Math.max(0, begin + outageLimitMs - clock.wall()) + 1, () => void this.#collectAll());
    }
    this.#followed.set(incident.id, incident);
    for (const id of this.#followed.keys()) if (this.#followed.size > followedMax) this.#followed.delete(id);
    void this.#collectAll();
  }

  /** One after the other: there is one disk. */
  async #collectAll(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#next(); next !== null; next = this.#next()) await this.#collect(next.incident, next.moment);
    this.#busy = false;
  }

  #next(): { readonly incident: Incident; readonly moment: EvidenceMoment } | null {
    for (const incident of this.#followed.values()) {
      const [moment] = this.#due(incident);
      if (moment !== undefined) return { incident, moment };
      if (this.#later(incident) === 0) this.#followed.delete(incident.id);
    }
    return null;
  }

  #due(incident: Incident): readonly EvidenceMoment[] {
    return evidenceDue(incident, this.#collected(incident), this.#deps.clock.wall());
  }

  /** How many looks may still come due, for an incident that is recent. */
  #later(incident: Incident): number {
    const soon = { ...incident, state: 'closed' as const };
    return evidenceDue(soon, this.#collected(incident), this.#deps.clock.wall()).length;
  }

  #collected({ id }: Incident): readonly EvidenceMoment[] {
    return (['outage', 'after'] as const).filter((moment) => {
      const key = evidenceKey({ incident: id, member: this.#deps.member, moment });
      return this.#done.has(key) || this.#records.has(key);
    });
  }

  async #collect(incident: Incident, moment: EvidenceMoment): Promise<void> {
    const { clock, evidence, member, log } = this.#deps;
    const { id } = incident;
    const key = evidenceKey({ incident: id, member, moment });
    this.#done.add(key);
    for (const oldest of this.#done) if (this.#done.size > doneMax) this.#done.delete(oldest);
    const begin = beginning(incident) ?? clock.wall();
    const limit = new AbortController();
    const cancel = clock.timer(collectLimitMs, () => limit.abort(new Error('the time to collect evidence is over')));
    const now = clock.wall();
    const from = this.#seenUntil(incident, moment) ?? begin - leadMs;
    const stretch = { from: wallMs(from), to: now, begin: wallMs(begin) };
    const found: (Found | null)[] = [...(await evidence.collect(id, stretch, limit.signal))];
    if (moment === 'after') found.push(await evidence.diverged(wallMs(begin), limit.signal));
    cancel();
    const parts = found.filter((each) => each !== null).map(bounded);
    if (parts.length === 0) return;
    const bundle: EvidenceBundle = { v: 1, incident: id, member, at: new Date(now).toISOString(), moment, parts };
    const kept = await this.#records.add({ key, value: { ...bundle } });
    if (!kept.ok) log.warn(`evidence of incident ${id} may be lost: ${kept.error}`);
  }

  /** What the look during the outage has is not kept twice. */
  #seenUntil({ id }: Incident, moment: EvidenceMoment): number | null {
    if (moment === 'outage') return null;
    const before = this.#records.get(evidenceKey({ incident: id, member: this.#deps.member, moment: 'outage' }));
    return before === null ? null : Date.parse(before.at);
  }
}
