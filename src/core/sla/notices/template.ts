/** Wording with gaps: `{cluster} is down for {audience}`. A configuration may replace any of it. */
import type { Occasion } from './notice.ts';

/** What can stand in a gap. A line whose gaps all turn out empty is left out. */
export const FIELDS = [
  /** Name of the cluster. */
  'cluster',
  /** Name of the site, or of the contract's customer. */
  'audience',
  /** Names of the affected sites that the audience is responsible for. */
  'sites',
  'incident',
  /** When it began, when it ended, and when this was written: in the audience's zone, with UTC beside. */
  'from',
  'until',
  'now',
  /** How long it lasted, or has so far. */
  'lasted',
  /** How often people hear that it still lasts. */
  'again',
  /** One sentence: whether anything that a user saw saved was lost. */
  'loss',
  /** One sentence: what the contract says of it. Empty for a site. */
  'contract',
  /** One sentence: whether one more failure would be survived. */
  'redundancy',
  /** One sentence: that it was a drill, or asked for. Empty for a failure. */
  'planned',
  /** Of a report: its month, like 2008-04, and where all of it is. */
  'month',
  'report',
  /** Of a report: what the month came to. Of a budget: how fast it is used up, and what is left. */
  'summary',
] as const;

export type Field = (typeof FIELDS)[number];
export type FieldTexts = Readonly<Record<Field, string>>;

export interface Template {
  readonly subject: string;
  readonly text: string;
}
/** Only what differs from the usual wording. */
export type Templates = Readonly<Partial<Record<Occasion, Partial<Template>>>>;

const gap = /\{([A-Za-z]+)\}/g;
const isField = (name: string): name is Field => (FIELDS as readonly string[]).includes(name);

/** Names in gaps that nothing can fill, in order. */
export const unknownFields = (template: string): readonly string[] =>
  [...template.matchAll(gap)].map(([, name = '']) => name).filter((name) => !isField(name));

/** Whether the template has a gap for the field. */
export const mentions = (template: string, field: Field): boolean => template.includes(`{${field}}`);

/** Gaps that nothing can fill stay as they are: that is a matter of the configuration, which was refused. */
export function filled(template: string, fields: FieldTexts): string {
  return template
    .split('\n')
    .flatMap((line) => {
      const gaps = [...line.matchAll(gap)].flatMap(([, name = '']) => (isField(name) ? [fields[name]] : []));
      if (gaps.length > 0 && gaps.every((text) => text === '')) return [];
      return [line.replace(gap, (whole, name: string) => (isField(name) ? fields[name] : whole)).trimEnd()];
    })
    .join('\n')
    .trim();
}

const lines = (...all: readonly string[]): string => all.join('\n');

export const usualTemplates: Readonly<Record<Occasion, Template>> = {
  started: {
    subject: '{cluster} is down for {audience}',
    text: lines(
      '{cluster} has been down for {audience} since {from}: {lasted} so far.',
      '{loss}',
      '{contract}',
      'It is being worked on. You hear again when it is over, and every {again} until then.',
      '',
      'Affected: {sites}.',
      'Written {now}. Incident {incident}.',
    ),
  },
  'still-down': {
    subject: '{cluster} is still down for {audience}, for {lasted} now',
    text: lines(
      '{cluster} is still down for {audience}, since {from}: {lasted} so far.',
      '{loss}',
      '{contract}',
      '',
      'Affected: {sites}.',
      'Written {now}. Incident {incident}.',
    ),
  },
  breached: {
    subject: 'Contract breached by {cluster}: {audience}',
    text: lines(
      '{contract}',
      'The outage of {cluster} began {from}; it has lasted {lasted}.',
      '{loss}',
      '',
      'Affected: {sites}.',
      'Written {now}. Incident {incident}.',
    ),
  },
  over: {
    subject: '{cluster} is back for {audience} after {lasted}',
    text: lines(
      '{cluster} was down for {audience} from {from} until {until}: {lasted}.',
      '{planned}',
      '{loss}',
      '{contract}',
      '{redundancy}',
      '',
      'Affected: {sites}.',
      'Written {now}. Incident {incident}.',
    ),
  },
  restored: {
    subject: '{cluster} is fully protected again: {audience}',
    text: lines(
      '{redundancy}',
      '{cluster} was down for {audience} from {from} until {until}: {lasted}.',
      '{loss}',
      '',
      'Written {now}. Incident {incident}.',
    ),
  },
  lost: {
    subject: 'What {cluster} may have lost is known: {audience}',
    text: lines(
      '{loss}',
      '{cluster} was down for {audience} from {from} until {until}: {lasted}.',
      '',
      'Affected: {sites}.',
      'Written {now}. Incident {incident}.',
    ),
  },
  report: {
    subject: 'Service report of {cluster} for {month}: {audience}',
    text: lines(
      'The service report of {cluster} for {month}: {audience}.',
      '{loss}',
      '{summary}',
      '',
      'Sites: {sites}.',
      '{report}',
      'Written {now}.',
    ),
  },
  burning: {
    subject: 'The downtime budget of {cluster} is used up too fast: {audience}',
    text: lines(
      '{summary}',
      '{loss}',
      'You hear again when it is no longer so.',
      '',
      'Sites: {sites}.',
      'Written {now}.',
    ),
  },
  'burning-over': {
    subject: 'The downtime budget of {cluster} is no longer used up too fast: {audience}',
    text: lines('{summary}', '{loss}', '', 'Sites: {sites}.', 'Written {now}.'),
  },
  test: {
    subject: 'Test of the channel {audience}, from {cluster}',
    text: lines(
      '{loss}',
      'Somebody tried out whether messages of {cluster} arrive here. They do.',
      '',
      'Written {now}.',
    ),
  },
};
