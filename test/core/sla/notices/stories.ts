/** Outages and who is told of them, for the tests of notices. Mono 0 is 09:15 in London, as in facts.ts. */
import type { Contract } from '../../../../src/core/sla/contract.ts';
import type { IncidentTail } from '../../../../src/core/sla/evidence/diverged-tail.ts';
import type { Incident } from '../../../../src/core/sla/incident.ts';
import type { Channel, NoticePolicy } from '../../../../src/core/sla/notices/channel.ts';
import type { NoticeHead } from '../../../../src/core/sla/notices/notice.ts';
import { knownNotices, planNotices } from '../../../../src/core/sla/notices/plan-notices.ts';
import { judged } from '../../../../src/core/sla/verdict.ts';
import { minute, second } from '../../../../src/core/units.ts';
import {
  accepting,
  at,
  aContract,
  declared,
  EPOCH,
  fold,
  plain,
  seen,
  sites,
  won,
  writeFailed,
  writeOk,
} from '../facts.ts';

export const contracts: readonly Contract[] = [
  aContract({ rtoMs: 30 * minute }),
  aContract({
    id: 'heatherwood-wexham',
    customer: 'Heatherwood and Wexham Park Hospitals NHS Trust',
    sites: ['wexham', 'heatherwood', 'st-marks'],
    rtoMs: 20 * minute,
    timeZone: 'Europe/London',
  }),
];

export const hook: Channel = { id: 'hook', kind: 'webhook', url: 'http://127.0.0.1:1/', secret: null, templates: {} };
export const mail: Channel = {
  id: 'mail',
  kind: 'email',
  from: 'Baton <baton@example.org>',
  to: ['on-call@example.org'],
  smtp: null,
  templates: {},
};

export const aPolicy = (changes: Partial<NoticePolicy> = {}): NoticePolicy => ({
  afterMs: 30 * second,
  againMs: 15 * minute,
  channels: [hook, mail],
  sites: sites.map((site) => ({ site, zone: 'Europe/London', channels: ['hook'] })),
  contracts: contracts.map((contract) => ({
    contract,
    sites: sites.filter(({ id }) => contract.sites.includes(id)),
    channels: ['mail'],
    reportChannels: null,
  })),
  ...changes,
});

const began = [
  seen('off'),
  writeOk(0),
  writeFailed(300),
  writeFailed(2_400),
  declared(2_500, 'forced-failover'),
  won(2_600),
];

/** What is on record of the same outage as time goes by; the service is back after `outageMs`, redundant after `redundantMs`. */
export function aStory(
  outageMs: number,
  redundantMs: number,
): { readonly goingOn: Incident; readonly over: Incident; readonly closed: Incident } {
  const back = [accepting(outageMs - 100), writeOk(outageMs, 'reading-b')];
  const judge = (incident: Incident) => judged(incident, contracts, sites);
  return {
    goingOn: judge(fold(began).incident),
    over: judge(fold([...began, ...back]).incident),
    closed: judge(fold([...began, ...back, plain('redundant', redundantMs)]).incident),
  };
}

/** The same, with what was lost known. */
export const withLoss = (incident: Incident): Incident => ({
  ...incident,
  loss: {
    bytesMax: 1_048_576,
    timeMsMax: 4_200,
    provedNone: false,
    basis: 'the old primary had 1 MiB of WAL beyond the fork',
  },
});

/** `ms` after the beginning of the day's story. */
export const wallAt = (ms: number): number => at(ms).wall;

/** Asks again and again, as a leader does, and keeps what it was told; `incidentAt` is the record at each moment. */
export class Teller {
  readonly heads: NoticeHead[] = [];
  readonly policy: NoticePolicy;

  constructor(policy: NoticePolicy) {
    this.policy = policy;
  }

  look(
    incidents: readonly Incident[],
    ms: number,
    isPresent: (member: string) => boolean = () => true,
    tail: IncidentTail | null = null,
  ) {
    const planned = planNotices(this.policy, {
      cluster: 'domain-1',
      incidents,
      isPresent,
      known: knownNotices(this.heads),
      nowWall: EPOCH + ms,
      tailOf: () => tail,
    });
    this.heads.push(...planned);
    return planned;
  }

  /** `started site-wexham hook`, in the order in which they were told. */
  get told(): readonly string[] {
    return this.heads.map(
      ({ occasion, n, audience, channel }) =>
        `${occasion}${n === 0 ? '' : ` ${n}`} ${audience.kind}-${audience.id} ${channel}`,
    );
  }
}
