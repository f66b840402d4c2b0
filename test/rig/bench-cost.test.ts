import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'vitest';
import { type EtcdCost, judge, memberCost } from '../../scripts/bench/cost/account.ts';
import { grown, samplesOf, sumsBy, totalOf } from '../../scripts/bench/cost/etcd-metrics.ts';
import { aloneBytes, cpuTicksOf, memoryOf, sleepsOf } from '../../scripts/bench/cost/proc-text.ts';
import { unaskedWrites, writesBetween } from '../../scripts/bench/cost/quiet-writes.ts';
import { KiB, MiB } from '../../src/core/units.ts';

const smaps = (heapKiB: number, programKiB: number, programOwnKiB: number) =>
  `00400000-05c00000 r-xp 00001000 fe:01 1443 /usr/bin/node
Size:              90112 kB
Rss:               ${programKiB} kB
Pss:               ${programKiB / 2} kB
Anonymous:         ${programOwnKiB} kB
7f0000000000-7f0010000000 rw-p 00000000 00:00 0
Rss:               ${heapKiB} kB
Pss:               ${heapKiB} kB
Anonymous:         ${heapKiB} kB
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
Rss:               0 kB
Pss:               0 kB
Anonymous:         0 kB
`;

test('memory is read by mapping, and what a process wrote over a page of a file is its own', () => {
  const { rss, pss, anonymous, files } = memoryOf(smaps(100, 60, 10));
  deepEqual([rss, pss, anonymous], [160 * KiB, 130 * KiB, 110 * KiB]);
  deepEqual([...files], [['/usr/bin/node@00001000', 50 * KiB]]);
});

test('on a host of their own two processes share the pages of their program, which count once', () => {
  const both = [memoryOf(smaps(100, 60, 10)), memoryOf(smaps(200, 80, 10))];
  equal(aloneBytes(both), (100 + 10 + 200 + 10 + 70) * KiB);
});

test('processor time is read behind a name with blanks and parentheses', () => {
  equal(cpuTicksOf('42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20 0 11 0 777'), 281);
  equal(sleepsOf('Name:\tnode\nvoluntary_ctxt_switches:\t1234\nnonvoluntary_ctxt_switches:\t5\n'), 1234);
});

test("etcd's counters are summed by a label, over all members", () => {
  const text = `# HELP grpc_server_handled_total Total.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="OK",grpc_method="Range",grpc_service="etcdserverpb.KV"} 41
grpc_server_handled_total{grpc_code="Canceled",grpc_method="Range",grpc_service="etcdserverpb.KV"} 1
grpc_server_handled_total{grpc_code="OK",grpc_method="Txn",grpc_service="etcdserverpb.KV"} 3
etcd_debugging_mvcc_put_total 1.2e+03
`;
  const samples = samplesOf(text);
  const sums = sumsBy(samples, 'grpc_server_handled_total', 'grpc_method');
  deepEqual(
    [...sums],
    [
      ['Range', 42],
      ['Txn', 3],
    ],
  );
  equal(totalOf(samples, 'etcd_debugging_mvcc_put_total'), 1_200);
  deepEqual(
    [...grown(new Map([['Range', 40]]), sums)],
    [
      ['Range', 2],
      ['Txn', 3],
    ],
  );
});

test('a key counts with its writes since the first look, and with all of them when it was made anew', () => {
  const before = [
    { key: 'members/a', createRevision: 5, version: 10 },
    { key: 'leader', createRevision: 7, version: 1 },
    { key: 'pause', createRevision: 8, version: 1 },
  ];
  const after = [
    { key: 'members/a', createRevision: 5, version: 16 },
    { key: 'leader', createRevision: 90, version: 2 },
  ];
  deepEqual(writesBetween(before, after), [
    { key: 'members/a', writes: 6 },
    { key: 'leader', writes: 2 },
    { key: 'pause', writes: 1 },
  ]);
});

test('positions may be written every ten seconds, everything else only when something happens', () => {
  const written = [
    { key: 'members/a', writes: 7 },
    { key: 'members/b', writes: 8 },
    { key: 'status', writes: 6 },
    { key: 'service/2026-11-30/a', writes: 1 },
  ];
  deepEqual(
    unaskedWrites(written, 60).map(({ key }) => key),
    ['members/b', 'service/2026-11-30/a'],
  );
});

test('the worst member is judged', () => {
  const member = (name: string, heapKiB: number, cpuMs: number, logBytes: number) =>
    memberCost(
      {
        name,
        leads: false,
        processes: [
          {
            part: 'batond',
            memory: memoryOf(smaps(heapKiB, 0, 0)),
            before: { atMono: 0, cpuMs: 100, sleeps: 0 },
            after: { atMono: 60_000, cpuMs: 100 + cpuMs, sleeps: 600 },
          },
        ],
        logBytes,
        journalBytes: 0,
      },
      60_000,
    );
  const etcd: EtcdCost = {
    ...{ requestsPerSecond: {}, renewalsPerSecond: 0, writesPerSecond: 0, written: [], coreShares: [] },
    unasked: [],
  };
  const frugal = member('a', 1_000, 600, 166);
  deepEqual(frugal.processes[0]?.wakesPerSecond, 10);
  deepEqual(
    judge([frugal], etcd).map(({ kept }) => kept),
    [true, true, true, true],
  );
  const wasteful = member('b', (131 * MiB) / KiB, 601, 167);
  deepEqual(
    judge([frugal, wasteful], { ...etcd, unasked: [{ key: 'leader', writes: 1 }] }).map(({ kept }) => kept),
    [false, false, false, false],
  );
});
