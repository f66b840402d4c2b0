/** The outbox for people: what is not done first needs to be seen, so it stands last, above the line that sums up. */
import type { ListedNotice } from '../core/sla/notices/listed-notice.ts';
import { type Paint, wrapText } from './terminal.ts';

/** Delivered ones that are shown without --all. */
const sentShown = 20;

export function renderNotices(notices: readonly ListedNotice[], all: boolean, paint: Paint): string {
  if (notices.length === 0) return 'Nobody was told anything in the last two weeks, and nobody has to be.';
  const sent = notices.filter(({ state }) => state === 'sent');
  const others = notices.filter(({ state }) => state !== 'sent');
  const shown = all ? sent : sent.slice(-sentShown);
  const left = sent.length - shown.length;
  return [
    ...(left === 0 ? [] : [paint.faint(`${left} older ones were delivered: --all shows them`)]),
    ...[...shown, ...others].map((notice) => renderOne(notice, paint)),
    '',
    summary(sent.length, others),
  ].join('\n');
}

function renderOne(notice: ListedNotice, paint: Paint): string {
  const { state, at, channel, audience, subject, n, occasion } = notice;
  const what = n === 0 ? occasion : `${occasion} ${n}`;
  const head = `${instant(at)}  ${what}, to ${audience.name} through ${channel}: ${stateText(notice)}`;
  const painted = { pending: paint.doubt, sent: paint.strong, 'given-up': paint.bad }[state];
  const problem = notice.lastProblem === null ? [] : [wrapText(notice.lastProblem, '    ', '  ! ')];
  return [painted(wrapText(head, '  ')), wrapText(subject, '    ', '  '), ...problem].join('\n');
}

function stateText({ state, stateAt, by, attempts }: ListedNotice): string {
  const when = stateAt === null ? '' : ` ${instant(stateAt)}`;
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  switch (state) {
    case 'sent':
      return `sent${when} by ${by ?? '?'}, ${tries}`;
    case 'given-up':
      return `GIVEN UP${when} by ${by ?? '?'}, ${tries}`;
    case 'pending':
      return attempts === 0 ? 'not tried yet' : `NOT DELIVERED, ${tries}, by ${by ?? '?'}; again${when}`;
  }
}

function summary(sent: number, others: readonly ListedNotice[]): string {
  const pending = others.filter(({ state }) => state === 'pending').length;
  const counts = `${sent} sent, ${pending} to be sent, ${others.length - pending} given up. Times are UTC.`;
  const failing = others.find(({ lastProblem }) => lastProblem !== null);
  return failing === undefined ? counts : `${counts} Try the channel: \`baton notices test ${failing.channel}\``;
}

const instant = (text: string): string => text.slice(0, 19).replace('T', ' ');
