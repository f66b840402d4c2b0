/** Mistakes about a leader that serves while etcd does not know that it leads, or has just learned it again. */
import type { Mistake } from './mistake.ts';

export const servingMistakes: Readonly<Record<string, Mistake>> = {
  'takes-the-key-of-who-serves': {
    says: 'a standby that takes a free key at once from a leader that serves still',
    drops: 'ADR 18: the key is left for a moment to whoever serves',
    planted: {
      edits: [
        {
          file: 'src/core/decide-leaderless.ts',
          from: 'if (knownAbsentMs(view) < retakeMs && servesStill(view, pg, sync.leader))',
          to: 'if (false)',
        },
      ],
    },
    caughtBy: 'etcd-stood-still',
    shows: /leader stays|promotions/,
  },
  'proves-it-to-nobody': {
    says: 'a primary without the leader key that does not tell its guardian of the commits that back it',
    drops: 'ADR 18, I6: each new proof reaches the guardian',
    planted: {
      edits: [
        {
          file: 'src/core/serve-on.ts',
          from: "return { ...decision, intents: [{ kind: 'guard', term }, ...decision.intents] };",
          to: 'return decision;',
        },
      ],
    },
    caughtBy: 'etcd-stands-still-again',
    shows: /fenced-by-guardian|outage/,
  },
  'retakes-the-key-alone': {
    says: 'a leader that takes its key back and no longer names the standby that it never stopped waiting for',
    drops: 'ADR 18: who retakes its own key keeps those it named',
    planted: {
      edits: [
        {
          file: 'src/core/decide-leaderless.ts',
          from: 'const claim = waitsForNamed(view, sync) ? sync : claimFor(view, sync, { copyId: copy });',
          to: 'const claim = claimFor(view, sync, { copyId: copy });',
        },
      ],
    },
    caughtBy: 'etcd-stands-still-after-the-key-is-back-strict',
    shows: /lead-exposed|outage|fenced-by-guardian/,
  },
  'shows-what-one-disk-has': {
    says: 'a restarted primary that lets clients read what its standby, which may lead, does not have yet',
    drops: 'I8: clients come in once every named standby has a commit of this run',
    planted: {
      edits: [{ file: 'src/core/decide-primary.ts', from: '    if (onOneDisk) return null;\n', to: '' }],
    },
    caughtBy: 'recovered-and-not-replicated',
    shows: /what was read stays/,
  },
};
