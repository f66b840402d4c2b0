/** What an old primary alone had. */
import type { IncidentTail } from '../../../../src/core/sla/evidence/diverged-tail.ts';

const none = { inserted: 0, updated: 0, deleted: 0 };

export const aTail = (changes: Partial<IncidentTail> = {}): IncidentTail => ({
  ...{ member: 'slough-a', at: '2008-04-24T09:00:00.000Z', whole: true },
  ...{ timeline: 1, fromLsn: '0/5000148', toLsn: '0/5000548' },
  ...{ transactions: 3, inserted: 4, updated: 1, deleted: 0 },
  relations: [
    { database: 'hospital', name: 'public.notes', filenode: 16_384, ...none, inserted: 4 },
    { database: 'hospital', name: 'public.orders', filenode: 16_391, ...none, updated: 1 },
  ],
  ...{ relationsInAll: 2, catalogs: 0, incomplete: null },
  ...changes,
});
