/** The answer first, then the reasons, member by member: for somebody who was asleep a minute ago. */
import { listed } from '../core/sla/text-layout.ts';
import type { Explanation, LeadCondition, MemberExplanation } from '../core/explain.ts';
import { type Paint, wrapText } from './terminal.ts';

export function renderExplanation(explanation: Explanation, paint: Paint): string {
  return [
    paint.strong(wrapText(answer(explanation))),
    paint.faint(`As seen at ${explanation.at}.`),
    ...explanation.members.flatMap((member) => ['', ...renderMember(member, explanation.leader, paint)]),
    '',
    paint.strong(wrapText(explanation.next, '      ', 'Next: ')),
  ].join('\n');
}

/** One sentence: who leads, who could take over, and what that would cost. */
export function answer({ cluster, leader, mode, members }: Explanation): string {
  const ready = members.filter((member) => member.mayLead && member.name !== leader).map((member) => member.name);
  const cost = {
    available: ' and would lose nothing',
    strict: ' and would lose nothing',
    off: ' and would lose what it has not received',
  };
  const price = mode === null ? '' : cost[mode];
  const could = `${listed(ready)} could take over now${price}`;
  if (leader === null)
    return ready.length === 0
      ? `Nobody leads ${cluster}, and nobody may: it takes no writes until one of the members below can.`
      : `Nobody leads ${cluster}; ${could}.`;
  const staying =
    members.find((member) => member.name === leader)?.mayLead === false
      ? `${leader} leads ${cluster} but may not go on`
      : `${leader} leads ${cluster}`;
  return ready.length === 0 ? `${staying}; nobody could take over now.` : `${staying}; ${could}.`;
}

function renderMember(member: MemberExplanation, leader: string | null, paint: Paint): readonly string[] {
  const failing = member.conditions.filter((condition) => !condition.holds);
  const holding = member.conditions.filter((condition) => condition.holds);
  const rule = member.rule === null ? [] : [`${member.rule}${member.because === null ? '' : `: ${member.because}`}`];
  return [
    `${paint.strong(member.name)} ${standing(member, leader, failing, paint)}`,
    ...labelled('sees', member.sees),
    ...labelled('rule', rule),
    ...failing.flatMap((condition) => labelled('fails', [`${condition.condition}: ${condition.detail}`], paint.bad)),
    ...labelled(
      'holds',
      holding.length === 0 ? [] : [listed(holding.map((condition) => condition.condition))],
      paint.faint,
    ),
  ];
}

function standing(
  member: MemberExplanation,
  leader: string | null,
  failing: readonly LeadCondition[],
  paint: Paint,
): string {
  const why =
    failing.length === 0 ? '' : `: ${failing.length === 1 ? '1 condition fails' : `${failing.length} conditions fail`}`;
  if (member.name === leader) return member.mayLead ? paint.good('leads') : paint.bad(`leads, but may not go on${why}`);
  return member.mayLead ? paint.good('could take over') : paint.doubt(`may not lead${why}`);
}

/** Each text on its own line behind the label; texts that are longer than a line go on below themselves. */
function labelled(
  label: string,
  texts: readonly string[],
  mark: (text: string) => string = (text) => text,
): readonly string[] {
  const indent = ' '.repeat(9);
  return texts.map((text, index) => mark(wrapText(text, indent, index === 0 ? `  ${label.padEnd(7)}` : indent)));
}
