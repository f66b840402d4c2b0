/** Mistakes about what PostgreSQL waits for, and who may know it. */
import * as ports from './wrong-ports.ts';
import type { Mistake } from './mistake.ts';

export const waitMistakes: Readonly<Record<string, Mistake>> = {
  'starts-open': {
    says: 'a postgres that lets clients in as it starts, before a commit was seen to wait',
    drops: 'R2 (I8): start closed',
    planted: {
      edits: [
        {
          file: 'src/core/decide-stopped-leader.ts',
          from: "const admits = waitFor.length > 0 || nobody ? 'baton-only' : 'everybody';",
          to: "const admits = 'everybody' as const;",
        },
      ],
    },
    caughtBy: 'R2-start-closed',
    shows: /^I[34] /,
  },
  'waits-for-fewer-unconfirmed': {
    says: 'a leader that stops waiting on a sync key that it read, and did not write',
    drops: 'R5 (I3): before PostgreSQL stops waiting the key is written anew',
    planted: {
      edits: [
        {
          file: 'src/core/sync-membership.ts',
          from: 'if (view.memory.confirmedSyncRevision !== sync.modRevision) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'R5-late-add',
    shows: /^I[34] /,
  },
  'postgres-before-the-key': {
    says: 'a leader that stops waiting for a lost standby first, and takes it out of sync afterwards',
    drops: 'I3: first the key, then PostgreSQL',
    planted: {
      edits: [
        {
          file: 'src/core/sync-membership.ts',
          from: '  if (removed !== null) return removed;\n',
          to: `  if (removed !== null && primary.waitsFor.length > 0)
    return because('wait-for-fewer', 'planted', { kind: 'operate', operation: { kind: 'wait-for', names: [], nobody: false } });
  if (removed !== null) return removed;
`,
        },
      ],
    },
    caughtBy: 'members-parted',
    shows: /^I3 /,
  },
  'key-before-postgres': {
    says: 'a leader that names a standby before PostgreSQL waits for it',
    drops: 'I3: first PostgreSQL, then the key',
    planted: {
      edits: [
        {
          file: 'src/core/sync-membership.ts',
          from: 'if (!primary.waitsFor.includes(next.copyName)) {',
          to: 'if (false) {',
        },
        {
          file: 'src/core/sync-membership.ts',
          from: 'if (!proofHolds(view, primary, term) || view.memory.proof?.copyName !== next.copyName) {',
          to: 'if (false) {',
        },
      ],
    },
    caughtBy: 'calm',
    shows: /^I3 /,
  },
  'promotes-on-sync-state': {
    says: 'a leader that takes what PostgreSQL shows (sync_state) for a proof that commits wait',
    drops: 'I3: proof by a wait',
    planted: { ports: ports.provesNothing },
    caughtBy: { seeds: 5, mode: 'available' },
    shows: /^I3 /,
  },
  'believes-the-setting': {
    says: 'a leader that believes the setting while the checkpointer is stuck',
    drops: 'I3: proof by a wait',
    planted: { ports: ports.believesTheSetting },
    caughtBy: 'calm',
    shows: /^I3 /,
  },
  'admits-at-once': {
    says: 'a promoted server that lets clients in before a commit was seen to wait (mode strict)',
    drops: 'I8: a promotion admits nobody before its commits wait',
    planted: { ports: ports.admitsAtOnce },
    caughtBy: { seeds: 5, mode: 'strict' },
    shows: /^strict/,
  },
  'proves-with-old-walsenders': {
    says: 'a proof that does not look whether every walsender has loaded the new names',
    drops: 'R9 (I3): the proof waits until each shows its new priority',
    planted: {
      edits: [
        {
          file: 'test/sim/postgres/prove-wait.ts',
          from: '  if (misplaced !== undefined) return',
          to: '  if (misplaced === null) return',
        },
      ],
    },
    caughtBy: 'R9-every-walsender',
    shows: /^I[134] /,
  },
  'keeps-its-proof': {
    says: 'a leader that keeps a proof whatever PostgreSQL waits for since, in whatever term and run of it',
    drops: 'R10 (I3): a proof is void for another term, run or copy',
    planted: {
      edits: [
        {
          file: 'src/daemon/memory.ts',
          from: "if (spec.kind === 'wait-for' || spec.kind === 'start' || spec.kind === 'promote') this.#proof = null;",
          to: '',
        },
        {
          file: 'src/daemon/memory.ts',
          from: 'if (!same || look.waitsRuledBy !== null) this.#proof = null;',
          to: '',
        },
        {
          file: 'src/core/sync-membership.ts',
          from: `proof !== null &&
    proof.term === term &&
    proof.runId === primary.runId &&
    proof.waitedFor.length === primary.waitsFor.length &&
    proof.waitedFor.every((name, at) => name === primary.waitsFor[at])`,
          to: 'proof !== null',
        },
      ],
    },
    caughtBy: 'R10-proof-is-void',
    shows: /^I3 /,
  },
  'strict-that-degrades': {
    says: 'a leader in mode strict that waits for nobody once its standby is lost',
    drops: 'mode strict: no write is acknowledged that is not on two disks',
    planted: {
      edits: [
        {
          file: 'src/core/sync-membership.ts',
          from: "const nobody = sync.mode === 'strict' && keep.length === 0;",
          to: 'const nobody = false;',
        },
        {
          file: 'src/core/decide-primary.ts',
          from: "if (why === null || primary.admits !== 'everybody') return null;",
          to: 'if (why !== undefined) return null;',
        },
      ],
    },
    caughtBy: 'members-parted-strict',
    shows: /^strict/,
  },
  'retries-blindly': {
    says: 'a member that sends a transaction once more, without its conditions, when its answer did not arrive',
    drops: 'I1: an ambiguous transaction is read back, never repeated',
    planted: { ports: ports.retriesBlindly },
    caughtBy: 'late-removal',
    shows: /^(I\d|liveness)/,
  },
};
