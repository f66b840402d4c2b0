/** The last line of `status`: the one thing to do next, or that there is nothing to do. */
import { listed } from '../core/sla/text-layout.ts';
import type { MemberStatus, Status } from '../core/status.ts';
import type { Source } from './fallback.ts';

export interface NextStep {
  /** `nothing`: all is well. `wait`: Baton is at work on it. `act`: it needs a person. */
  readonly urgency: 'nothing' | 'wait' | 'act';
  readonly says: string;
}

/** The worst first: one line that sends the reader the right way beats five that are all true. */
export function nextStep(status: Status, source: Source): NextStep {
  const { cluster, leader, members } = status;
  // An observer keeps nothing running.
  const alive = members.filter((member) => member.state !== 'gone' && member.role !== 'observer');
  if (alive.length === 0)
    return act(`No member of ${cluster} is alive: start batond on its hosts (\`systemctl start batond\`).`);
  if (leader === null)
    return act(
      'Nobody leads, so nothing can be written. If that lasts: `baton explain` says who may lead and what is missing.',
    );
  if (source.kind === 'etcd')
    return act('No daemon answers on this host: `systemctl status batond`, `journalctl -u batond`.');
  if (status.held.length > 0)
    return act('Automation is held: nothing fails over by itself until the reason above is dealt with.');
  const broken = members.filter((member) => ['crashed', 'unfit', 'malformed'].includes(member.state));
  if (broken.length > 0) return act(`${states(broken)}: see \`journalctl -u batond\` there.`);
  const gone = members.filter((member) => member.state === 'gone');
  if (gone.length > 0) return act(`The daemon of ${names(gone)} is silent: \`systemctl status batond\` on its host.`);
  if (members.find((member) => member.name === leader)?.role !== 'primary')
    return wait(`${leader} is taking over. Watch it with \`baton status --watch\`; if it lasts, \`baton explain\`.`);
  const coming = members.filter(
    (member) =>
      member.name !== leader &&
      member.role !== 'observer' &&
      member.state !== 'streaming' &&
      member.state !== 'running',
  );
  if (coming.length > 0) return wait(`${states(coming)}: it comes back by itself. If it stays so, \`baton explain\`.`);
  if (status.redundant) return { urgency: 'nothing', says: 'Nothing to do.' };
  const catchingUp = members.filter((member) => member.name !== leader && member.state === 'streaming');
  if (catchingUp.length > 0)
    return wait(
      `${names(catchingUp)} streams and cannot take over yet: wait until it has caught up. If it stays so, \`baton explain\`.`,
    );
  return act(`${leader} is alone: one more failure is an outage. Bring a standby back.`);
}

const act = (says: string): NextStep => ({ urgency: 'act', says });
const wait = (says: string): NextStep => ({ urgency: 'wait', says });
const names = (members: readonly MemberStatus[]): string => listed(members.map((member) => member.name));
const states = (members: readonly MemberStatus[]): string =>
  listed(
    members.map(({ name, state, operation }) => `${name} is ${state}${operation === null ? '' : ` (${operation})`}`),
  );
