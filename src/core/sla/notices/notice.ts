/** One message to one audience through one channel, complete: whoever delivers it needs nothing else. Plain JSON. */
import type { Ms } from '../../units.ts';
import type { IncidentKind } from '../incident.ts';

/**
 * `started`: it has lasted as long as people want to wait; `still-down`: again and again; `breached`: a contract was;
 * `over`: writes go through again; `restored`: redundant again. `test`: somebody tries the channel.
 */
export type Occasion = 'started' | 'still-down' | 'breached' | 'over' | 'restored' | 'test';
export const OCCASIONS: readonly Occasion[] = ['started', 'still-down', 'breached', 'over', 'restored', 'test'];

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
  /** Id of the incident; null for a test. */
  readonly incident: string | null;
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

export type Notice = NoticeHead & NoticeBody;

/** The same for machines. Instants RFC 3339 UTC, durations whole milliseconds. */
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
  readonly loss: NoticeLoss;
  /** Affected sites that the audience is responsible for. */
  readonly sites: readonly { readonly id: string; readonly name: string }[];
  readonly contract: NoticeContract | null;
}

export interface NoticeLoss {
  /** Whether anything that a user saw saved was lost. */
  readonly lost: 'nothing' | 'at-most' | 'not-known';
  readonly bytesMax: number | null;
  readonly timeMsMax: Ms | null;
  /** The same as a sentence. */
  readonly says: string;
}

export interface NoticeContract {
  readonly id: string;
  readonly version: number;
  readonly customer: string;
  readonly outcome: 'met' | 'breached' | 'excluded' | 'unmeasured';
  /** A sentence: what was promised and what it came to. */
  readonly says: string;
}

type Identity = Pick<NoticeHead, 'occasion' | 'n' | 'channel'> & {
  readonly incident: string;
  readonly audience: Pick<Audience, 'kind' | 'id'>;
};

export const noticeKey = ({ incident, audience, occasion, n, channel }: Identity): string =>
  [incident, `${audience.kind}-${audience.id}`, occasion, n, channel].join('/');

/** Notices of one thread are told in the order in which they were planned: nobody hears that it is over before it began. */
export const threadOf = ({
  incident,
  audience,
  channel,
}: Pick<NoticeHead, 'incident' | 'channel'> & { readonly audience: Pick<Audience, 'kind' | 'id'> }): string =>
  [incident ?? '', `${audience.kind}-${audience.id}`, channel].join('/');
