/** What the record of an ended outage must hold, whatever the fault was. */
import { expect } from 'vitest';
import { readIncidents } from '../../scripts/rig/daemon-facts.ts';
import type { Rig } from '../../scripts/rig/rig.ts';
import { INSTANT_NAMES, type Incident } from '../../src/core/sla/incident.ts';

const limitMs = 15_000;

export const knownIncidents = async (rig: Rig, member: string): Promise<ReadonlySet<string>> =>
  new Set((await readIncidents(rig, member)).map(({ id }) => id));

/** The incidents that were not known before, as `member` has them, once there is one and all are closed. */
export function newIncidents(rig: Rig, member: string, known: ReadonlySet<string>): Promise<readonly Incident[]> {
  return rig.waitFor(`a closed incident at ${member}`, limitMs, async () => {
    const fresh = (await readIncidents(rig, member)).filter(({ id }) => !known.has(id));
    return fresh.length > 0 && fresh.every(({ state }) => state === 'closed') ? fresh : null;
  });
}

/** Every instant is there, in order, by both clocks; every phase follows from them. */
export function expectComplete(incident: Incident): void {
  const { instants, phases } = incident;
  const shown = JSON.stringify(incident, null, 2);
  expect(
    INSTANT_NAMES.filter((name) => instants[name] === null),
    shown,
  ).toEqual([]);
  const monoMs = INSTANT_NAMES.map((name) => instants[name]?.monoMs ?? Number.NaN);
  expect(monoMs, shown).toEqual(monoMs.toSorted((one, other) => one - other));
  const walls = INSTANT_NAMES.map((name) => Date.parse(instants[name]?.wall ?? ''));
  expect(walls, shown).toEqual(walls.toSorted((one, other) => one - other));
  const at = (name: (typeof INSTANT_NAMES)[number]) => instants[name]?.monoMs ?? Number.NaN;
  expect(phases, shown).toEqual({
    detection: at('t2') - at('t0'),
    decision: at('t3') - at('t2'),
    promotion: at('t6') - at('t3'),
    routing: at('t7') - at('t6'),
    outage: at('t7') - at('t0'),
    exposure: at('t8') - at('t7'),
  });
}
