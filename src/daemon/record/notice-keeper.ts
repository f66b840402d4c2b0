/**
 * Tells people. The leader plans what ought to be told, puts it into the outbox in etcd and delivers it; while nobody leads,
 * an observer does, or else the first of the members that are there. Whoever comes next finds in the outbox what is not done. Nothing here is
 * waited for by anybody.
 */
import type { Contract } from '../../core/sla/contract.ts';
import type { IncidentTail } from '../../core/sla/evidence/diverged-tail.ts';
import type { Incident } from '../../core/sla/incident.ts';
import type { Channel, NoticePolicy } from '../../core/sla/notices/channel.ts';
import { policyInForce } from '../../core/sla/notices/policy-in-force.ts';
import { type ListedNotice, listedNotices } from '../../core/sla/notices/listed-notice.ts';
import { type Outage, outagesOf } from '../../core/sla/notices/outage.ts';
import {
  delivered,
  disposable,
  dueEntries,
  failed,
  givenUp,
  newEntry,
  type OutboxEntry,
} from '../../core/sla/notices/outbox.ts';
import type { Announcement } from '../../core/sla/maintenance/announcement.ts';
import { type News, planNews } from '../../core/sla/notices/news.ts';
import { reportDocuments } from '../../core/sla/notices/news-wording.ts';
import type { Notice, NoticeDocument, NoticeHead } from '../../core/sla/notices/notice.ts';
import { knownNotices, planNotices } from '../../core/sla/notices/plan-notices.ts';
import type { ContractReport } from '../../core/sla/report/contract-report.ts';
import { testNotice, toldAlone } from '../../core/sla/notices/wording.ts';
import { after, elapsed, type MemberName, minute, type MonoMs, type Ms, second } from '../../core/units.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Coordinator, Snapshot } from '../../ports/coordinator.ts';
import type { TestOutcome } from '../../ports/daemon-face.ts';
import type { Journal } from '../../ports/journal.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Log } from '../../ports/log.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { type Attempt, NoticeSender } from './notice-sender.ts';
import { Outbox } from './outbox.ts';
import { TellerPlace } from './teller-place.ts';

export interface NoticeKeeperDeps {
  readonly cluster: string;
  readonly member: MemberName;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly journal: Journal;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly notifier: Notifier;
  /** Who is told what, by a shared configuration as text from etcd; null when it cannot be read. */
  readonly noticesOf: (configText: string) => NoticePolicy | null;
  /** Where this member answers. */
  readonly apiUrl: string;
}

/** What there is to tell of. */
export interface Tidings {
  readonly incidents: () => readonly Incident[];
  readonly announcements: () => readonly Announcement[];
  readonly news: () => News;
  /** Those that rule. */
  readonly contracts: () => readonly Contract[];
  readonly tailOf: (incident: Incident) => IncidentTail | null;
}

const soonMs: Ms = 500;
/** While an outage goes on. */
const watchEveryMs: Ms = 5 * second;
const idleMs: Ms = 1 * minute;
const tidyEveryMs: Ms = 10 * minute;
const tidiedMax = 100;
const deliveredAmidst = 50;
const reportAwaitedMs: Ms = 10 * minute;
/** etcd and every member's memory hold them all. */
const outboxMax = 5_000;

export class NoticeKeeper {
  readonly #deps: NoticeKeeperDeps;
  readonly #tidings: Tidings;
  readonly #outbox: Outbox;
  readonly #sender: NoticeSender;
  #policy: NoticePolicy | null = null;
  #configText: string | null = null;
  readonly #place: TellerPlace;
  #next: { readonly atMono: MonoMs; readonly cancel: () => void } | null = null;
  #planning = false;
  #full = false;
  #tidiedMono: MonoMs | null = null;
  readonly #stopping = new AbortController();

  constructor(deps: NoticeKeeperDeps, tidings: Tidings) {
    this.#deps = deps;
    this.#tidings = tidings;
    this.#place = new TellerPlace(deps.member, deps.clock);
    this.#outbox = new Outbox(deps, this.#stopping.signal);
    this.#sender = new NoticeSender(deps.clock, deps.notifier, this.#stopping.signal);
  }

  notices(): readonly ListedNotice[] {
    return listedNotices(this.#outbox.entries());
  }

  /** Through this member, whoever leads, and past the outbox: whoever asks is there to see what comes of it. */
  async test(channelId: string): Promise<TestOutcome> {
    const { clock, cluster, member } = this.#deps;
    const channels = this.#policy?.channels ?? [];
    const channel = channels.find(({ id }) => id === channelId);
    if (channel === undefined) return { kind: 'no-such-channel', known: channels.map(({ id }) => id) };
    const began = clock.mono();
    const notice = testNotice(cluster, channel, member, clock.wall());
    const attempt = await this.#sender.attempt(channel, notice);
    if (!attempt.ok) return { kind: 'not-delivered', problem: attempt.error.problem };
    const tookMs = Math.round(elapsed(began, clock.mono()));
    return { kind: 'delivered', key: notice.key, tookMs, remark: attempt.value.remark };
  }

  sawSnapshot(snapshot: Snapshot): void {
    const config = snapshot.entries.get('config')?.value ?? null;
    if (config !== null && config !== this.#configText) this.#configured(config);
    this.#outbox.sawSnapshot(snapshot);
    this.#place.sawSnapshot(snapshot);
    this.#lookIn(soonMs);
  }

  /** Called each time the loop runs, with since when etcd has not answered; null: it does. */
  considered(awaySinceMono: MonoMs | null): void {
    this.#place.etcdIsAway(awaySinceMono);
    if (this.#place.isAlone) this.#lookIn(soonMs);
  }

  #configured(config: string): void {
    this.#configText = config;
    this.#policy = this.#deps.noticesOf(config) ?? this.#policy;
    for (const channel of this.#policy?.channels ?? []) {
      const problem = this.#deps.notifier.obstacle(channel);
      if (problem !== null)
        this.#deps.log.warn('this host cannot deliver through a channel', { channel: channel.id, problem });
    }
  }

  close(): void {
    this.#stopping.abort(new Error('batond stops'));
    this.#next?.cancel();
  }

  /** Sooner if a later look was agreed; never where there is nothing that could be told. */
  #lookIn(delayMs: Ms): void {
    const { clock } = this.#deps;
    const idle = (this.#policy?.channels.length ?? 0) === 0 && this.#outbox.size === 0;
    if (this.#stopping.signal.aborted || !this.#place.tells || idle) return;
    const atMono = after(clock.mono(), delayMs);
    if (this.#next !== null && this.#next.atMono <= atMono) return;
    this.#next?.cancel();
    const cancel = clock.timer(delayMs, () => {
      this.#next = null;
      void this.#look();
    });
    this.#next = { atMono, cancel };
  }

  async #look(): Promise<void> {
    const policy = this.#policy === null ? null : policyInForce(this.#policy, this.#tidings.contracts());
    if (policy === null || !this.#place.tells) return;
    // Whoever plans still delivers when that is done.
    if (this.#planning) return;
    this.#planning = true;
    const planned = await this.#plan(policy).finally(() => {
      this.#planning = false;
    });
    await this.#tidy();
    this.#deliver(policy);
    this.#lookIn(planned ? this.#nextLookMs(policy) : soonMs);
  }

  #outages(): readonly Outage[] {
    return outagesOf(this.#tidings.incidents(), (member) => this.#place.isPresent(member), this.#deps.clock.wall());
  }

  /** Every change in etcd is looked at anyway; this is for what only time brings. */
  #nextLookMs({ afterMs }: NoticePolicy): Ms {
    const nowWall = this.#deps.clock.wall();
    const going = this.#outages().flatMap((outage) => (outage.phase === 'going-on' ? [nowWall - outage.fromWall] : []));
    const waits = [
      ...going.map((lastedMs) => (lastedMs < afterMs ? afterMs - lastedMs : watchEveryMs)),
      ...[...this.#outbox.entries()].flatMap(({ state }) =>
        state.kind === 'pending' ? [Date.parse(state.notBefore) - nowWall] : [],
      ),
    ];
    return Math.max(soonMs, Math.min(idleMs, ...waits));
  }

  /** False when etcd did not take all of it. */
  async #plan(policy: NoticePolicy): Promise<boolean> {
    const { journal } = this.#deps;
    for (const [index, notice] of this.#planned(policy).entries()) {
      // A thousand sites take etcd a while: the first need not wait for the last.
      if (index % deliveredAmidst === deliveredAmidst - 1) this.#deliver(policy);
      const full = this.#outbox.size >= outboxMax;
      if (full && !this.#full) journal.happened('outbox-full', { notices: this.#outbox.size });
      this.#full = full;
      if (full || this.#stopping.signal.aborted || !this.#place.tells) return true;
      const kept = this.#place.isAlone
        ? this.#outbox.hold(newEntry(toldAlone(notice, this.#deps.member)))
        : await this.#outbox.create(newEntry(notice));
      if (!kept) return false;
    }
    return true;
  }

  #planned(policy: NoticePolicy): readonly Notice[] {
    const { cluster, clock, apiUrl, member } = this.#deps;
    const { incidents, announcements, news, tailOf } = this.#tidings;
    const nothing = this.#outages().length === 0;
    if (nothing && news().reports.length + news().burns.length === 0) return [];
    const known = knownNotices([...this.#outbox.entries()].map(({ head }) => head));
    const isPresent = (member: string): boolean => this.#place.isPresent(member);
    const common = { cluster, known, nowWall: clock.wall() };
    // Of what another one recorded, whoever told people last tells, as far as it has heard of it.
    const ours = incidents().filter(({ recordedBy }) => this.#place.isFirst || recordedBy === member);
    const outages = { ...common, incidents: ours, isPresent, maintenance: announcements(), tailOf };
    return [
      ...(nothing ? [] : planNotices(policy, outages)),
      ...(this.#place.isAlone ? [] : planNews(policy, { ...common, news: news(), apiUrl })),
    ];
  }

  /** A report is kept beside the outbox, for longer than any notice: what goes with this one is made from it. */
  #reportOf({ about, audience }: NoticeHead): ContractReport | null {
    const isIt = ({ contract, month }: ContractReport): boolean =>
      contract === audience.id && `report-${month}` === about;
    return this.#tidings.news().reports.find(({ report }) => isIt(report))?.report ?? null;
  }

  #documents(head: NoticeHead): readonly NoticeDocument[] {
    const report = head.occasion === 'report' ? this.#reportOf(head) : null;
    return report === null ? [] : reportDocuments(report);
  }

  /** Whoever planned it may have died before etcd had the report; after a while it goes without, and says where to look. */
  #isComplete(head: NoticeHead): boolean {
    if (head.occasion !== 'report' || this.#reportOf(head) !== null) return true;
    return this.#deps.clock.wall() - Date.parse(head.at) > reportAwaitedMs;
  }

  #deliver({ channels }: NoticePolicy): void {
    const { clock, member } = this.#deps;
    for (const entry of dueEntries(this.#outbox.entries(), member, clock.wall())) {
      const { head, body } = entry;
      if (this.#outbox.isUnsaved(entry) || this.#sender.isUnderWay(head.channel, head.key)) continue;
      const channel = channels.find(({ id }) => id === head.channel);
      if (channel === undefined || body === null) {
        const problem = `there is no channel ${head.channel} any more`;
        this.#save(givenUp(entry, problem, member, clock.wall()));
      } else if (this.#isComplete(head))
        this.#sender.offer(
          channel,
          head.key,
          () => ({ ...head, ...body, documents: this.#documents(head) }),
          (attempt) => this.#ended(entry, channel, attempt),
        );
    }
  }

  #ended(entry: OutboxEntry, { id: channel }: Channel, attempt: Attempt): void {
    const { clock, member, log } = this.#deps;
    const { key } = entry.head;
    if (attempt.ok) {
      const { remark } = attempt.value;
      if (remark !== null) log.warn('a notice was delivered in part', { key, channel, problem: remark });
      this.#save({ ...delivered(entry, member, clock.wall()), ...(remark === null ? {} : { lastProblem: remark }) });
      return;
    }
    const { problem } = attempt.error;
    log.warn('a notice was not delivered', { key, channel, problem, attempts: entry.attempts + 1 });
    this.#save(failed(entry, attempt.error, member, clock.wall()));
  }

  #save(entry: OutboxEntry): void {
    const { head, state, attempts, lastProblem } = entry;
    if (state.kind !== 'pending')
      this.#deps.journal.happened(`notice-${state.kind}`, { key: head.key, attempts, lastProblem });
    void this.#outbox.save(entry).then(() => {
      if (this.#policy !== null && this.#place.tells) this.#deliver(this.#policy);
      this.#lookIn(soonMs);
    });
  }

  async #tidy(): Promise<void> {
    const { clock } = this.#deps;
    if (this.#tidiedMono !== null && elapsed(this.#tidiedMono, clock.mono()) < tidyEveryMs) return;
    this.#tidiedMono = clock.mono();
    const news = new Set(this.#outages().map(({ incident }) => incident.id));
    const old = disposable([...this.#outbox.entries()], (incident) => news.has(incident), clock.wall());
    for (const entry of old.slice(0, tidiedMax)) await this.#outbox.remove(entry);
  }
}
