/** One run of the production supervisor in a simulated process, on fake ports. */
import { ok } from '../../../src/core/result.ts';
import { copyId, type MemberName } from '../../../src/core/units.ts';
import { runSupervisor } from '../../../src/daemon/run-supervisor.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { View } from '../../../src/core/view.ts';
import type { MemberSettings } from '../../../src/daemon/supervisor.ts';
import type { Coordinator } from '../../../src/ports/coordinator.ts';
import type { DaemonFace } from '../../../src/ports/daemon-face.ts';
import type { EvidenceSource } from '../../../src/ports/evidence.ts';
import type { GuardianPort } from '../../../src/ports/guardian.ts';
import { nothingKept } from '../../../src/ports/journal.ts';
import type { Notifier } from '../../../src/ports/notifier.ts';
import type { Peers, Postgres } from '../../../src/ports/postgres.ts';
import type { Disk } from './disk.ts';
import type { SimProcess } from './host.ts';
import type { Random } from '../clock/random.ts';
import type { People } from './people.ts';
import { selfReport } from './self-report.ts';
import { parseConfig } from './settings.ts';
import { createFakeLedger } from './fake-ledger.ts';

export const nobody: Notifier = { obstacle: () => null, deliver: async () => ok({ remark: null }) };

export interface BatondOptions {
  readonly process: SimProcess;
  readonly settings: MemberSettings;
  readonly disk: Disk;
  readonly random: Random;
  readonly coordinator: Coordinator;
  readonly guardian: GuardianPort & { disconnect(): void };
  readonly postgres: Postgres;
  readonly peers: Peers;
  /** Closes what it has open to other hosts. */
  readonly hangUp: () => void;
  /** Whoever is told of outages; in most lives nobody. */
  readonly people: People | null;
  readonly note: (text: string) => void;
  /** Told of every decision that is journalled. */
  readonly decided: (view: View, decision: Decision) => void;
}

export class SimBatond {
  readonly process: SimProcess;
  readonly member: MemberName;
  readonly face: DaemonFace;
  readonly closeSockets: () => void;

  constructor(options: BatondOptions) {
    const { process, settings, disk, random, coordinator, guardian, postgres, peers, hangUp, people, note, decided } =
      options;
    this.process = process;
    this.member = settings.name;
    this.closeSockets = () => {
      guardian.disconnect();
      hangUp();
    };
    let rule = '';
    // As kept-state.ts does: what the disk refused is written with whatever comes next.
    let facts = disk.kept ?? nothingKept;
    let writing = Promise.resolve();
    const running = runSupervisor(
      {
        settings,
        clock: process.clock,
        coordinator,
        guardian,
        postgres,
        peers,
        journal: {
          decided: (view, decision) => {
            decided(view, decision);
            if (decision.rule !== rule) note(`${decision.rule}: ${decision.because}`);
            rule = decision.rule;
          },
          happened: (event, details) => note(`${event} ${JSON.stringify(details, textOfBigint)}`),
        },
        kept: {
          read: () => facts,
          write: (news) => {
            facts = { ...facts, ...news };
            writing = writing
              .catch(() => undefined)
              .then(async () => {
                const all = facts;
                await process.clock.sleep(random.between(0.2, 3));
                await disk.durably(process.clock);
                disk.kept = all;
              });
            return writing;
          },
        },
        ledger: createFakeLedger(disk, process.clock),
        bookmark: {
          read: () => disk.serviceBookmark,
          keep: async (row) => {
            await disk.durably(process.clock);
            disk.serviceBookmark = row;
          },
        },
        log: {
          info: () => {},
          warn: (message) => note(`warns: ${message}`),
          error: (message) => note(`error: ${message}`),
        },
        evidence: noEvidence,
        version: '0.0.0-simulated',
        parseConfig,
        promisesOf: () => people?.promises ?? null,
        noticesOf: () => people?.policy ?? null,
        notifier: people?.notifier(process.clock, random.fork()) ?? nobody,
        jobsOf: () => null,
        ticker: { tick: () => undefined },
        newCopyId: () => copyId(random.hex(8)),
      },
      process.signal,
    );
    this.face = running.face;
    running.ended.catch((error: unknown) =>
      note(`batond ended: ${error instanceof Error ? error.stack : String(error)}`),
    );
  }

  self(): unknown {
    return selfReport(this.face, this.member);
  }
}

/** A simulated host has no logs and no files to look at. */
export const noEvidence: EvidenceSource = {
  before: async () => {},
  collect: async () => [],
  diverged: async () => null,
};

const textOfBigint = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString(16) : value);
