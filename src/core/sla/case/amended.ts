/** An incident with one amendment in it: the fields, and whatever follows from them. The recorded one is not touched. */
import { canonicalJson } from '../../canonical-json.ts';
import type { Ms } from '../../units.ts';
import type { Site } from '../contract.ts';
import {
  type AffectedSite,
  type Incident,
  INSTANT_NAMES,
  type InstantName,
  type Loss,
  type Phases,
  type Verdict,
} from '../incident.ts';
import { meeting, type Terms } from '../maintenance/announcement.ts';
import { beginning } from '../beginning.ts';
import { verdicts } from '../verdict.ts';
import { AMENDABLE } from './amendable.ts';
import type { CaseAmendment, Signed } from './case.ts';
import type { CaseAct, FieldChange } from './case-entry.ts';

type AmendedAct = Extract<CaseAct, { readonly kind: 'amended' }>;

/** Only for changes that `mayAdd` permits: their fields are known and their values fit. */
export function amended(
  before: Incident,
  { changes: asked, terms, reason }: AmendedAct,
  signed: Signed,
): { readonly incident: Incident; readonly amendment: CaseAmendment } {
  const changes = [...asked, ...basisOf(before, asked, `amended by ${signed.by}: ${reason}`)];
  const written = changes.map(({ field, to }) => ({
    ...{ at: signed.at, by: signed.by, field, reason },
    ...{ from: canonicalJson(AMENDABLE.get(field)?.read(before) ?? null), to },
  }));
  const changed = withChanges(before, changes, signed.by, terms?.sites ?? []);
  const incident = { ...changed, amendments: [...before.amendments, ...written] };
  const judged = terms === null ? null : judgedAgain(incident, terms, before.verdicts);
  return {
    incident: judged === null ? incident : { ...incident, verdicts: judged.verdicts },
    amendment: {
      ...signed,
      reason,
      changes: written,
      verdictsBefore: judged === null ? null : before.verdicts,
      notRecomputed: judged?.notRecomputed ?? [],
    },
  };
}

/** Other figures of the loss rest on something else; who amends them may say on what. */
function basisOf({ loss }: Incident, changes: readonly FieldChange[], basis: string): readonly FieldChange[] {
  const fields = new Set(changes.map(({ field }) => field));
  if (fields.has('loss.basis') || !(fields.has('loss.bytesMax') || fields.has('loss.timeMsMax'))) return [];
  return [{ field: 'loss.basis', from: canonicalJson(loss.basis), to: canonicalJson(basis) }];
}

/** The fields alone, and what is computed from them: phases, and since when the sites were without it. */
export function withChanges(
  before: Incident,
  changes: readonly FieldChange[],
  by: string,
  sites: readonly Site[],
): Incident {
  const moved = new Set<InstantName>();
  let incident = before;
  for (const { field, to } of changes) {
    const value: unknown = JSON.parse(to);
    const name = INSTANT_NAMES.find((each) => field === `instants.${each}`);
    if (name !== undefined) {
      moved.add(name);
      incident = withInstant(incident, name, value as string | null, by);
    } else if (field === 'loss.bytesMax')
      incident = { ...incident, loss: withBytes(incident.loss, value as number | null) };
    else if (field === 'loss.timeMsMax')
      incident = { ...incident, loss: withTime(incident.loss, value as number | null) };
    else if (field === 'loss.basis') incident = { ...incident, loss: { ...incident.loss, basis: value as string } };
    else if (field === 'affectedSites') incident = withSites(incident, value as readonly string[], sites);
    else if (field === 'trigger') incident = { ...incident, trigger: value as string };
    else if (field === 'because') incident = { ...incident, because: value as string };
  }
  if (moved.size === 0) return incident;
  return withSpan({ ...incident, phases: phasesAgain(incident, moved) });
}

/** What the recorder's monotonic clock measured stays; what a person says is placed among it by the wall clock. */
function withInstant(incident: Incident, name: InstantName, wall: string | null, by: string): Incident {
  const { instants } = incident;
  const said = { measured: false, uncertaintyMs: null, by: `amended by ${by}` };
  if (name !== 't0') {
    const old = instants[name];
    const monoMs = wall === null ? null : placed(wall, old ?? instants.t0);
    return { ...incident, instants: { ...instants, [name]: wall === null ? null : { wall, monoMs, ...said } } };
  }
  const shift = wall === null || instants.t0 === null ? null : Date.parse(wall) - Date.parse(instants.t0.wall);
  const others = INSTANT_NAMES.map((each) => {
    const instant = instants[each];
    if (instant === null || each === 't0') return [each, instant] as const;
    if (wall === null) return [each, { ...instant, monoMs: null }] as const;
    const monoMs =
      instant.monoMs === null || shift === null ? Date.parse(instant.wall) - Date.parse(wall) : instant.monoMs - shift;
    return [each, { ...instant, monoMs }] as const;
  });
  const all = Object.fromEntries(others) as unknown as Incident['instants'];
  return { ...incident, instants: { ...all, t0: wall === null ? null : { wall, monoMs: 0, ...said } } };
}

const placed = (wall: string, known: Incident['instants'][InstantName]): Ms | null =>
  known === null || known.monoMs === null ? null : known.monoMs + (Date.parse(wall) - Date.parse(known.wall));

/** A person's figure is a bound and no proof. Where "nothing" falls, the bound that rested on it is not known any more. */
const withBytes = (loss: Loss, bytesMax: number | null): Loss => ({
  ...loss,
  bytesMax,
  timeMsMax: loss.provedNone && bytesMax !== 0 ? null : loss.timeMsMax,
  provedNone: loss.provedNone && bytesMax === 0,
});
const withTime = (loss: Loss, timeMsMax: number | null): Loss => ({
  ...loss,
  timeMsMax,
  bytesMax: loss.provedNone && timeMsMax !== 0 ? null : loss.bytesMax,
  provedNone: loss.provedNone && timeMsMax === 0,
});

function withSites(incident: Incident, ids: readonly string[], sites: readonly Site[]): Incident {
  const nameOf = (id: string) => [...incident.affectedSites, ...sites].find((each) => each.id === id)?.name ?? id;
  const affectedSites = ids.map((id): AffectedSite => ({ id, name: nameOf(id), downFrom: null, downUntil: null }));
  return withSpan({ ...incident, affectedSites });
}

const withSpan = (incident: Incident): Incident => ({
  ...incident,
  affectedSites: incident.affectedSites.map((site) => ({
    ...site,
    downFrom: incident.instants.t0?.wall ?? null,
    downUntil: incident.instants.t7?.wall ?? null,
  })),
});

const ENDS: Readonly<Record<keyof Phases, readonly [InstantName, InstantName]>> = {
  detection: ['t0', 't2'],
  decision: ['t2', 't3'],
  promotion: ['t3', 't6'],
  routing: ['t6', 't7'],
  outage: ['t0', 't7'],
  exposure: ['t7', 't8'],
};

/** Only those of which an end was moved: the others were measured. As incident-of.ts has it, none is negative. */
function phasesAgain({ phases, instants }: Incident, moved: ReadonlySet<InstantName>): Phases {
  const between = ([from, to]: readonly [InstantName, InstantName], floor: boolean): Ms | null => {
    const [start, end] = [instants[from], instants[to]];
    if (start === null || end === null) return null;
    const ms =
      start.monoMs === null || end.monoMs === null
        ? Date.parse(end.wall) - Date.parse(start.wall)
        : end.monoMs - start.monoMs;
    return ms >= 0 ? ms : floor ? 0 : null;
  };
  const again = (name: keyof Phases): Ms | null =>
    ENDS[name].some((end) => moved.has(end))
      ? between(ENDS[name], name === 'detection' || name === 'exposure')
      : phases[name];
  return {
    detection: again('detection'),
    decision: again('decision'),
    promotion: again('promotion'),
    routing: again('routing'),
    outage: again('outage'),
    exposure: again('exposure'),
  };
}

/** Which sites count was said by whoever amended them, else by the configuration. */
const sitesOf = (incident: Incident, terms: Terms): readonly Site[] =>
  incident.amendments.some(({ field }) => field === 'affectedSites') ? incident.affectedSites : terms.sites;

function judgedAgain(
  incident: Incident,
  terms: Terms,
  before: readonly Verdict[],
): { readonly verdicts: readonly Verdict[]; readonly notRecomputed: readonly string[] } {
  const gone = before.filter(
    ({ contract, contractVersion }) =>
      !terms.contracts.some(({ id, version }) => id === contract && version === contractVersion),
  );
  return {
    verdicts: [...verdicts(incident, terms.contracts, sitesOf(incident, terms), terms.maintenance), ...gone],
    notRecomputed: gone.map(({ contract, contractVersion }) => `${contract}, version ${contractVersion}`),
  };
}

/** Of what is promised now, what has a say in this incident: in force when it began, or has judged it before. */
export function termsFor(incident: Incident, promises: Terms): Terms {
  const judging = verdicts(incident, promises.contracts, promises.sites);
  const says = [...judging, ...incident.verdicts];
  const from = beginning(incident) ?? 0;
  const maintenance = meeting(promises.maintenance ?? [], from, from + (incident.phases.outage ?? 0) + 1);
  return {
    sites: promises.sites,
    ...(maintenance.length === 0 ? {} : { maintenance }),
    contracts: promises.contracts.filter(({ id, version }) =>
      says.some(({ contract, contractVersion }) => contract === id && contractVersion === version),
    ),
  };
}
