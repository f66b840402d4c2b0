/** Evidence for people: what there is in a few lines, and all of it. */
import type { Incident } from '../incident.ts';
import { listed, printable, wrapped } from '../text-layout.ts';
import type { EvidenceBundle, EvidenceMoment, EvidencePart } from './bundle.ts';

const MOMENTS: Readonly<Record<EvidenceMoment, string>> = { outage: 'around the outage', after: 'after it' };

/** One paragraph for each look of a member. 80 columns. */
export const evidenceLines = (bundles: readonly EvidenceBundle[]): readonly string[] =>
  bundles.flatMap(({ member, at, moment, parts }) =>
    wrapped(
      `${member}, ${MOMENTS[moment]}: ${parts.map(partSummary).join(', ')}`,
      4,
      `  ${at.slice(0, 19).replace('T', ' ')}  `,
    ),
  );

const partSummary = ({ source, lines, problem, cutOff }: EvidencePart): string => {
  const count = `${source} ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`;
  const less = [...(cutOff === null ? [] : ['cut']), ...(problem === null ? [] : ['not all could be read'])];
  return less.length === 0 ? count : `${count} (${less.join(', ')})`;
};

/** A host that says nothing is missed by nobody unless it is said. Empty when both leaders' hosts, or none, have something. */
export function silenceText(
  { oldLeader, newLeader }: Pick<Incident, 'oldLeader' | 'newLeader'>,
  bundles: readonly EvidenceBundle[],
): string {
  const heard = new Set(bundles.map(({ member }) => member));
  const led = new Set([oldLeader, newLeader].flatMap((place) => place?.member ?? []));
  const silent = [...led].filter((member) => !heard.has(member));
  if (bundles.length === 0 || silent.length === 0) return '';
  return `Nothing was kept on ${listed(silent)}: evidence is collected while an incident is less than an hour old.`;
}

/** Everything that was kept, line by line: as wide as it was written, with nothing in it that steers a terminal. */
export const evidenceText = (bundles: readonly EvidenceBundle[]): string =>
  bundles
    .flatMap(({ member, at, moment, parts }) => [
      `${member}, ${MOMENTS[moment]}, collected ${at}`,
      ...parts.flatMap(({ source, from, lines, problem, cutOff }) => [
        '',
        `  ${source}, from ${printable(from)}`,
        ...(problem === null ? [] : wrapped(`! ${problem}`, 6, '    ')),
        ...(cutOff === null ? [] : wrapped(`(${cutOff})`, 5, '    ')),
        ...lines.map((line) => `    ${printable(line)}`),
      ]),
      '',
    ])
    .join('\n')
    .trimEnd();
