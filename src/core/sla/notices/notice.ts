/** One message to one audience through one channel, complete: whoever delivers it needs nothing else. Plain JSON. */
import type { Ms } from '../../units.ts';
import type { IncidentTail } from '../evidence/diverged-tail.ts';
import type { IncidentKind } from '../incident.ts';
import type { BurnSeverity } from '../report/burn.ts';

/**
 * `started`: it has lasted as long as people want to wait; `still-down`: again and again; `breached`: a contract was;
 * `over`: writes go through again; `restored`: redundant again; `lost`: what may be lost was found out after that. `test`: somebody tries the channel. `report`: a month's
 * report was made; `burning`: a downtime budget is used up too fast; `burning-over`: not any more.
 */
export const OCCASIONS = [
  ...(['started', 'still-down', 'breached', 'over', 'restored', 'lost', 'test'] as const),
  ...(['report', 'burning', 'burning-over'] as const),
] as const;
export type Occasion = (typeof OCCASIONS)[number];

export interface Audience {
  readonly kind: 'site' | 'contract' | 'channel';
  readonly id: string;
  /** What people call it: the site, or the contract's customer. */
  readonly name: string;
}

/** What identifies a notice and says what it is about: all that is kept of it once it was delivered. */
export interface NoticeHead {
  /**
   * The idempotency key: the same occasion of the same outage for the same audience through the same channel has the
   * same one, whoever plans it and whenever. A receiver that has seen it drops what comes again.
   */
  readonly key: string;
  readonly cluster: string;
  readonly channel: string;
  readonly occasion: Occasion;
  /** Counts `still-down` from 1; 0 for all others. */
  readonly n: number;
  readonly audience: Audience;
  /** Id of the incident; null when it is about none. */
  readonly incident: string | null;
  /** What it is about instead, like `report-2008-04` or `burn-2008-04-24-page`; a test has neither. */
  readonly about?: string | undefined;
  /** RFC 3339 UTC, when it was planned. */
  readonly at: string;
  /** One line. */
  readonly subject: string;
}

export interface NoticeBody {
  /** Plain text in lines. Times in the zone of the audience, with UTC beside. */
  readonly text: string;
  readonly facts: NoticeFacts;
}

export type Notice = NoticeHead & NoticeBody & { readonly documents?: readonly NoticeDocument[] };

/** Goes with a notice where the channel can carry it. Not in the outbox: it is made again from what is kept. */
export interface NoticeDocument {
  /** Of a file. */
  readonly name: string;
  readonly mediaType: 'text/html' | 'text/markdown';
  readonly text: string;
}

/** The same for machines. Instants RFC 3339 UTC, durations whole milliseconds; null or empty where it does not apply. */
export interface NoticeFacts {
  readonly kind: IncidentKind | null;
  readonly downFrom: string | null;
  /** Null while it lasts, and when nobody measured the end. */
  readonly downUntil: string | null;
  /** How long it was, or has been so far; null when not known. */
  readonly outageMs: Ms | null;
  readonly over: boolean;
  /** Whether one more failure would be survived; null while that is not known. */
  readonly redundant: boolean | null;
  /** A `started` went before this to the same audience through the same channel. */
  readonly announced: boolean;
  /** So did a `breached`, while it lasted; left out when it did not. */
  readonly breachTold?: boolean | undefined;
  readonly loss: NoticeLoss;
  /** Affected sites that the audience is responsible for. */
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly contract: NoticeContract | null;
  readonly report?: NoticeReport | undefined;
  readonly burn?: NoticeBurn | undefined;
}

/** What a month came to. */
export interface NoticeReport {
  readonly month: string;
  readonly provisional: boolean;
  /** Of the newest version of the terms; null when no availability was promised. */
  readonly outcome: 'met' | 'missed' | 'open' | 'unmeasured' | null;
  readonly targetPercent: number | null;
  /** Downtime that counts, what of the budget is left (negative: more than there was), and what nobody measured. */
  readonly countedMs: Ms;
  readonly leftMs: Ms | null;
  readonly unmeasuredMs: Ms;
  readonly creditPercent: number;
  readonly incidents: number;
  /** Where the whole report is. */
  readonly url: string;
}

export interface NoticeBurn {
  readonly severity: BurnSeverity;
  /** 1 uses up the budget exactly by the end of its month; null: the contract allows no downtime at all. */
  readonly burnRate: number | null;
  /** Over so long. */
  readonly longMs: Ms;
  readonly burningFrom: string;
  readonly burningUntil: string | null;
  readonly budgetMs: Ms | null;
  readonly leftMs: Ms | null;
}

export interface NoticeLoss {
  /** Whether anything that a user saw saved was lost. */
  readonly lost: 'nothing' | 'at-most' | 'not-known';
  readonly bytesMax: number | null;
  readonly timeMsMax: Ms | null;
  /** The same as a sentence. */
  readonly says: string;
  /** What of it may have been saved, as far as somebody has read it. */
  readonly tail?: IncidentTail | undefined;
}

export interface NoticeContract {
  readonly id: string;
  readonly version: number;
  readonly customer: string;
  readonly outcome: 'met' | 'breached' | 'excluded' | 'unmeasured';
  /** A sentence: what was promised and what it came to. */
  readonly says: string;
}

type Identity = Pick<NoticeHead, 'occasion' | 'n' | 'channel'> & Thread;

type Thread = Pick<NoticeHead, 'incident' | 'about' | 'channel'> & {
  readonly audience: Pick<Audience, 'kind' | 'id'>;
};

export const noticeKey = ({ incident, about, audience, occasion, n, channel }: Identity): string =>
  [incident ?? about ?? '', `${audience.kind}-${audience.id}`, occasion, n, channel].join('/');

/** Notices of one thread are told in the order in which they were planned: nobody hears that it is over before it began. */
export const threadOf = ({ incident, about, audience, channel }: Thread): string =>
  [incident ?? about ?? '', `${audience.kind}-${audience.id}`, channel].join('/');
