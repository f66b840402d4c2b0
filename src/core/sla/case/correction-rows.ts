/**
 * What amendments of incidents mean for the outage ledger: rows of the person who amended, which count before what
 * anybody's probe saw. The rows that were measured stay as they are; so does what was said before.
 */
import type { Interval } from '../accounting/intervals.ts';
import { difference } from '../accounting/intervals.ts';
import type { OutageRow } from '../accounting/outage-row.ts';
import { beginning } from '../beginning.ts';
import type { Incident } from '../incident.ts';
import type { CaseFile } from './case-entry.ts';
import { caseOf } from './case-of.ts';

/** Of all incidents that were amended in when they were or whom they befell. */
export function correctionRows(incidents: readonly Incident[], files: readonly CaseFile[]): readonly OutageRow[] {
  const touched = files.filter(({ entries }) => entries.some(({ what }) => what.kind === 'amended'));
  return touched.flatMap(({ incident: id, entries }) => {
    const recorded = incidents.find((each) => each.id === id);
    return recorded === undefined ? [] : correctionOf(recorded, caseOf(recorded, entries).incident);
  });
}

/** Empty where nothing that an account counts was amended, or an end is not known. */
export function correctionOf(recorded: Incident, amended: Incident): readonly OutageRow[] {
  const [was, is] = [spanOf(recorded), spanOf(amended)];
  const [befell, befalls] = [siteIds(recorded), siteIds(amended)];
  const sameSites = befell.length === befalls.length && befell.every((site) => befalls.includes(site));
  if (was === null || is === null || (was.from === is.from && was.to === is.to && sameSites)) return [];
  const row = (state: 'up' | 'down', sites: readonly string[], span: Interval): readonly OutageRow[] =>
    sites.length === 0 || span.from >= span.to ? [] : [{ state, ...span, by: 'person', sites }];
  const spared = befell.filter((site) => !befalls.includes(site));
  return [
    ...row('down', befalls, is),
    ...row('up', spared, was),
    ...difference([was], [is]).flatMap((rest) => row('up', befell, rest)),
  ];
}

function spanOf(incident: Incident): Interval | null {
  const { t7 } = incident.instants;
  const from = beginning(incident);
  return from === null || t7 === null ? null : { from, to: Date.parse(t7.wall) };
}

const siteIds = ({ affectedSites }: Incident): readonly string[] => affectedSites.map(({ id }) => id);
