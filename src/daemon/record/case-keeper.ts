/** What people add to incidents: permitted or refused as the case stands, then kept like every record. */
import { caseOf } from '../../core/sla/case/case-of.ts';
import {
  type CaseEntry,
  type CaseFile,
  caseKey,
  caseKeyPrefix,
  entryId,
  wallOfEntryId,
} from '../../core/sla/case/case-entry.ts';
import { type CaseDraft, considered } from '../../core/sla/case/draft.ts';
import type { Incident } from '../../core/sla/incident.ts';
import type { Terms } from '../../core/sla/maintenance/announcement.ts';
import { KiB } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CaseOutcome, LedgerProof } from '../../ports/daemon-face.ts';
import type { Ledger, LedgerEntry } from '../../ports/ledger.ts';
import { caseFiles, formatCaseValue, parseCaseRecord } from '../../wire/case-entry.ts';
import { parseRecordBody, type RecordValue } from '../../wire/kept-record.ts';
import type { Records } from './records.ts';

export interface CaseKeeperDeps {
  readonly member: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly records: Pick<Records, 'under' | 'add'>;
  readonly incidents: () => readonly Incident[];
  readonly promises: () => Terms;
  /** Eight random hexadecimal digits. */
  readonly newId: () => string;
}

/** Of one incident; its versions are few. */
const proofEntriesMax = 2_000;

/** What a record may have, less its key. */
const valueBytesMax = 63 * KiB;
const tooLarge: CaseOutcome = {
  kind: 'refused',
  condition: 'size',
  problem:
    'with the contracts that have a say in it, this is more than one entry may hold: take contracts that ended out of the configuration',
};

export class CaseKeeper {
  readonly #deps: CaseKeeperDeps;
  /** Records never change: each is parsed once, however often somebody asks. */
  readonly #parsed = new WeakMap<RecordValue, ReturnType<typeof parseCaseRecord>>();

  constructor(deps: CaseKeeperDeps) {
    this.#deps = deps;
  }

  /** Of each incident to which somebody added something. */
  files(): readonly CaseFile[] {
    return this.#filesUnder(caseKeyPrefix);
  }

  async add(incidentId: string, by: string, draft: CaseDraft): Promise<CaseOutcome> {
    const { clock, records } = this.#deps;
    const incident = this.#deps.incidents().find(({ id }) => id === incidentId);
    if (incident === undefined) return { kind: 'no-such-incident' };
    const entries = this.#entriesOf(incidentId);
    const at = new Date(clock.wall()).toISOString();
    const act = considered(caseOf(incident, entries), draft, this.#deps.promises(), at);
    if (!act.ok) {
      const { rule, problem, mend } = act.error;
      return { kind: 'refused', condition: rule, problem: `${problem}: ${mend}` };
    }
    const entry: CaseEntry = { id: this.#idAfter(entries), at, by, what: act.value };
    const value = formatCaseValue(entry);
    if (Buffer.byteLength(JSON.stringify(value)) > valueBytesMax) return tooLarge;
    const kept = await records.add({ key: caseKey(incidentId, entry.id), value });
    if (kept.ok) return { kind: 'accepted', id: entry.id };
    return {
      kind: 'unknown',
      problem: `${kept.error}; it is tried on as long as this daemon runs: baton incident show tells whether it is there`,
    };
  }

  /** What this member's own ledger holds of one incident. */
  async proof(incidentId: string): Promise<LedgerProof> {
    const extract = await this.#deps.ledger.extract(incidentId, (entry) => isAbout(entry, incidentId));
    return { ...extract, entries: extract.entries.slice(-proofEntriesMax), member: this.#deps.member };
  }

  #entriesOf(incidentId: string): readonly CaseEntry[] {
    return this.#filesUnder(caseKey(incidentId, ''))[0]?.entries ?? [];
  }

  #filesUnder(prefix: string): readonly CaseFile[] {
    return caseFiles(this.#deps.records.under(prefix), (record) => {
      const known = this.#parsed.get(record.value);
      if (known !== undefined) return known;
      const parsed = parseCaseRecord(record);
      this.#parsed.set(record.value, parsed);
      return parsed;
    });
  }

  /** After whatever is known: two members' clocks differ, and what answers an entry must be read after it. */
  #idAfter(entries: readonly CaseEntry[]): string {
    const newest = Math.max(...entries.map(({ id }) => wallOfEntryId(id) ?? 0), -1);
    return entryId(Math.max(this.#deps.clock.wall(), newest + 1), this.#deps.newId());
  }
}

function isAbout({ kind, body }: LedgerEntry, incidentId: string): boolean {
  if (kind === 'incident') return (body as { readonly id?: unknown } | null)?.id === incidentId;
  const key = kind === 'record' || kind === 'evidence' ? parseRecordBody(body)?.key : undefined;
  return key?.startsWith(`${kind === 'record' ? 'cases' : 'evidence'}/${incidentId}/`) === true;
}
