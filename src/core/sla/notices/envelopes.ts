/** A notice in the words of what receives it: a CloudEvents 1.0 envelope, and alerts of Alertmanager's API v2. */
import { dayMs, type Ms, minute } from '../../units.ts';
import type { Notice, NoticeBurn } from './notice.ts';

export interface CloudEvent {
  readonly specversion: '1.0';
  /** The idempotency key. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: unknown;
}

export function cloudEvent({
  key,
  cluster,
  channel,
  occasion,
  n,
  audience,
  incident,
  at,
  subject,
  text,
  facts,
}: Notice): CloudEvent {
  return {
    specversion: '1.0',
    id: key,
    source: `/baton/${cluster}`,
    type: `baton.notice.${occasion}`,
    subject: `${audience.kind}/${audience.id}`,
    time: at,
    datacontenttype: 'application/json',
    data: { cluster, channel, occasion, n, audience, incident, subject, text, ...facts },
  };
}

export interface Alert {
  /** What makes it the same alert: Alertmanager's fingerprint is made of these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** In the past: resolved. Without it Alertmanager would resolve a lasting outage after five minutes. */
  readonly endsAt: string;
}

/** As long as somebody tries to say that it is over. */
const firingForMs: Ms = 1 * dayMs;
/** Something that is over already is shown, not resolved at once: Alertmanager tells nobody of what was never firing. */
const shownForMs: Ms = 5 * minute;

/** `extra` are the channel's own labels. `nowWall`, ms since the epoch, is when they are sent. */
export function alertsOf(notice: Notice, extra: Readonly<Record<string, string>>, nowWall: number): readonly Alert[] {
  const { occasion, facts, at } = notice;
  const began = facts.downFrom ?? at;
  const until = (ms: Ms): string => new Date(nowWall + ms).toISOString();
  const ended = facts.downUntil ?? new Date(nowWall).toISOString();
  const make = (name: string, severity: string, startsAt: string, endsAt: string): Alert => ({
    labels: { ...extra, ...labelsOf(notice), alertname: name, severity },
    annotations: { summary: notice.subject, description: notice.text, loss: facts.loss.says },
    startsAt,
    // Clocks of several hosts: an end before the beginning would be refused.
    endsAt: endsAt < startsAt ? startsAt : endsAt,
  });
  switch (occasion) {
    case 'started':
    case 'still-down':
      return [make('BatonOutage', 'critical', began, until(firingForMs))];
    case 'breached':
      return [make('BatonContractBreached', 'critical', at, until(facts.over ? shownForMs : firingForMs))];
    case 'over':
      return facts.announced
        ? [
            make('BatonOutage', 'critical', began, ended),
            ...(facts.breachTold === true ? [make('BatonContractBreached', 'critical', ended, until(0))] : []),
            ...(facts.redundant === false ? [make('BatonNotRedundant', 'warning', ended, until(firingForMs))] : []),
          ]
        : [make('BatonOutageOver', 'warning', began, until(shownForMs))];
    case 'lost':
      return [make('BatonLossKnown', facts.loss.lost === 'nothing' ? 'info' : 'critical', at, until(shownForMs))];
    case 'burning':
    case 'burning-over':
      return facts.burn === undefined ? [] : [burning(facts.burn, nowWall, make)];
    case 'report':
      // To be read, and no alert: nobody plans it for Alertmanager.
      return [];
    case 'restored':
      return [make('BatonNotRedundant', 'warning', ended, new Date(nowWall).toISOString())];
    case 'test':
      return [make('BatonTest', 'info', at, until(shownForMs))];
  }
}

/** The next day's message, if it still burns, comes before this one's alert resolves by itself. */
const burningForMs: Ms = 1 * dayMs + 60 * minute;

function burning(
  { severity, burningFrom, burningUntil }: NoticeBurn,
  nowWall: number,
  make: (name: string, severity: string, startsAt: string, endsAt: string) => Alert,
): Alert {
  const endsAt = burningUntil ?? new Date(nowWall + burningForMs).toISOString();
  return make('BatonBudgetBurning', severity === 'page' ? 'critical' : 'warning', burningFrom, endsAt);
}

const labelsOf = ({ cluster, incident, audience }: Notice): Readonly<Record<string, string>> => ({
  cluster,
  ...(incident === null ? {} : { incident }),
  [audience.kind]: audience.id,
});
