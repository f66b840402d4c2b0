/** What keeping the record needs: of a member with PostgreSQL and of an observer alike. */
import type { MemberSettings, SupervisorDeps } from '../supervisor.ts';

export type RecordDeps = Pick<
  SupervisorDeps,
  | 'clock'
  | 'coordinator'
  | 'journal'
  | 'log'
  | 'ledger'
  | 'bookmark'
  | 'evidence'
  | 'jobsOf'
  | 'ticker'
  | 'promisesOf'
  | 'notifier'
  | 'noticesOf'
  | 'newCopyId'
> & { readonly settings: Pick<MemberSettings, 'cluster' | 'name' | 'apiUrl'> };
