/** Channels, who is told through them, and what a host has for them. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noticePolicy } from '../../src/config/notice-policy.ts';
import { notifyWarnings, readNotifySecrets } from '../../src/config/notify-host.ts';
import { readShared } from '../../src/config/shared.ts';
import { configSchema } from '../../src/config/schema.ts';

const hook = { id: 'hook', kind: 'webhook', url: 'https://hooks.example.org/baton' };
const site = { id: 'wexham', name: 'Wexham Park' };
const contract = { id: 'c-1', customer: 'Trust', sites: ['wexham'], zone: 'Europe/London', rto: '30m' };

function problems(document: unknown): readonly string[] {
  const result = readShared(JSON.stringify(document));
  return result.ok ? [] : result.error.map(({ path, problem, mend }) => `${path}: ${problem} | ${mend}`);
}
function shared(document: unknown) {
  const result = readShared(JSON.stringify(document));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

describe('what is refused', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'an unknown channel of a site',
      { channels: [hook], sites: [{ ...site, channels: ['hok'] }] },
      /^sites\[0\]\.channels\[0\]: there is no channel hok \| name one of: hook$/,
    ],
    [
      'an unknown channel of a contract',
      { sites: [site], contracts: [{ ...contract, channels: ['hook'] }] },
      /^contracts\[0\]\.channels\[0\]: there is no channel hook \| name one of: \(none is listed under channels\)$/,
    ],
    [
      'an unknown channel of a report',
      { channels: [hook], sites: [site], contracts: [{ ...contract, channels: [], reportChannels: ['mail'] }] },
      /^contracts\[0\]\.reportChannels\[0\]: there is no channel mail \| name one of: hook$/,
    ],
    [
      'a report as an alert',
      {
        channels: [{ id: 'alerts', kind: 'alertmanager', url: 'http://127.0.0.1:9093' }],
        sites: [site],
        contracts: [{ ...contract, channels: [], reportChannels: ['alerts'] }],
      },
      /^contracts\[0\]\.reportChannels\[0\]: alerts leads to Alertmanager, and a report is no alert/,
    ],
    ['a channel twice', { channels: [hook, hook] }, /^channels\[1\]\.id: channel hook is listed twice/],
    [
      'one channel named twice',
      { channels: [hook], sites: [{ ...site, channels: ['hook', 'hook'] }] },
      /^sites\[0\]\.channels\[1\]: channel hook is named twice/,
    ],
    ['a kind that is none', { channels: [{ ...hook, kind: 'pager' }] }, /^channels\[0\].*: .*kind is none of webhook/],
    [
      'a URL that is none',
      { channels: [{ ...hook, url: 'example.org' }] },
      /^channels\[0\]\.url: "example\.org" is not an http or https URL/,
    ],
    [
      'a password in a URL',
      { channels: [{ ...hook, url: 'https://a:b@example.org/' }] },
      /^channels\[0\]\.url: has a user or a password in it/,
    ],
    ['a secret itself', { channels: [{ ...hook, secret: 'S3cret!' }] }, /^channels\[0\]\.secret: not an id/],
    ['a key of another kind', { channels: [{ ...hook, run: 'page' }] }, /^channels\[0\]\.run: unknown key \|/],
    [
      'a misspelt key',
      { channels: [{ ...hook, secert: 'x' }] },
      /^channels\[0\]\.secert: unknown key \| did you mean secret\?/,
    ],
    [
      'a label that Baton sets',
      { channels: [{ id: 'am', kind: 'alertmanager', url: 'http://am:9093', labels: { site: 'x' } }] },
      /^channels\[0\]\.labels\.site: /,
    ],
    [
      'a password in clear',
      {
        channels: [
          {
            id: 'm',
            kind: 'email',
            from: 'a@b',
            to: ['c@d'],
            smtp: { host: 'h', tls: 'none', username: 'u', secret: 's' },
          },
        ],
      },
      /smtp\.tls: would send the password in clear/,
    ],
    [
      'a user without a password',
      { channels: [{ id: 'm', kind: 'email', from: 'a@b', to: ['c@d'], smtp: { host: 'h', username: 'u' } }] },
      /smtp: has only one of username and secret/,
    ],
    [
      'an address with a line break',
      { channels: [{ id: 'm', kind: 'email', from: 'a@b\nBcc: x@y', to: ['c@d'] }] },
      /^channels\[0\]\.from: not a mail address/,
    ],
    [
      'a gap that nothing fills',
      { channels: [{ ...hook, templates: { over: { text: '{loss} {sitee}' } } }] },
      /^channels\[0\]\.templates\.over\.text: \{sitee\} is nothing that can be told \| known here: cluster, /,
    ],
    [
      'a text that does not say what was lost',
      { channels: [{ ...hook, templates: { over: { text: 'over' } } }] },
      /templates\.over\.text: does not say whether anything was lost \| put \{loss\} into it/,
    ],
    ['a zone that is none', { sites: [{ ...site, zone: 'London' }] }, /^sites\[0\]\.zone: not a time zone/],
    ['a message every second', { notify: { again: '1s' } }, /^notify\.again: 1s is out of range/],
  ])('%s', (_says, document, expected) => {
    expect(problems(document)).toEqual([expect.stringMatching(expected)]);
  });
});

test('who is told what, in the words of the core', () => {
  const policy = noticePolicy(
    shared({
      channels: [
        { ...hook, secret: 'hook-key' },
        { id: 'am', kind: 'alertmanager', url: 'http://am:9093/' },
        {
          id: 'mail',
          kind: 'email',
          from: 'Baton <baton@example.org>',
          to: ['on-call@example.org'],
          smtp: { host: 'mail' },
        },
        { id: 'page', kind: 'command', run: 'page', templates: { over: { subject: '{cluster}!' } } },
      ],
      sites: [
        { ...site, channels: ['hook', 'am'] },
        { id: 'far', name: 'Far away', zone: 'Pacific/Auckland', channels: ['mail'] },
        { id: 'free', name: 'Without a contract' },
      ],
      contracts: [{ ...contract, channels: ['page'] }],
    }),
  );
  expect(policy).toMatchObject({
    afterMs: 30_000,
    againMs: 900_000,
    channels: [
      { id: 'hook', kind: 'webhook', secret: 'hook-key', templates: {} },
      { id: 'am', kind: 'alertmanager', url: 'http://am:9093', token: null, labels: {} },
      { id: 'mail', kind: 'email', smtp: { host: 'mail', port: 587, tls: 'starttls', username: null, secret: null } },
      { id: 'page', kind: 'command', run: 'page', templates: { over: { subject: '{cluster}!' } } },
    ],
    sites: [
      { site, zone: 'Europe/London', channels: ['hook', 'am'] },
      { zone: 'Pacific/Auckland', channels: ['mail'] },
      { zone: 'UTC', channels: [] },
    ],
    contracts: [{ contract: { id: 'c-1', rtoMs: 1_800_000 }, channels: ['page'] }],
  });
  expect(policy.contracts[0]?.contract).not.toHaveProperty('channels');
});

describe('a host', () => {
  const minimal = {
    cluster: 'c',
    member: { name: 'a', location: 'x' },
    etcd: { endpoints: ['http://127.0.0.1:2379'] },
    postgres: {
      binDir: '/b',
      dataDir: '/d',
      listen: '127.0.0.1:5432',
      superuser: { passwordFile: '/s' },
      replication: { passwordFile: '/r' },
    },
    api: { listen: '127.0.0.1:8008' },
  };
  const channels = [
    { ...hook, secret: 'hook-key' },
    { id: 'mail', kind: 'email', from: 'a@b.example', to: ['c@d.example'] },
    { id: 'page', kind: 'command', run: 'page' },
  ];

  test('that lacks what channels name is told what to add; nothing is refused', async () => {
    const config = configSchema.parse({ ...minimal, notify: { secrets: { other: '/nowhere' } }, shared: { channels } });
    const warnings = notifyWarnings(config, await readNotifySecrets(config.notify, [0]));
    expect(warnings.map(({ path, problem, mend }) => `${path}: ${problem} | ${mend}`)).toEqual([
      'notify.secrets.other: /nowhere cannot be read (ENOENT) (create it with the secret as its first line, mode 0600) | messages that need it wait for another member',
      'notify.secrets: has no hook-key, which channel hook names: this host delivers nothing through it | add hook-key: /path/to/its/file',
      'notify.smtp: is missing, and channel mail names no relay: this host delivers nothing through it | add it: {host: mail.example.org}',
      'notify.commands: has no page, which channel page names: this host delivers nothing through it | add page: [/path/to/program]',
    ]);
  });

  test('that has everything hears nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'baton-notify-'));
    try {
      const file = join(directory, 'secret');
      writeFileSync(file, 's3cret\n');
      chmodSync(file, 0o600);
      const config = configSchema.parse({
        ...minimal,
        notify: { secrets: { 'hook-key': file }, commands: { page: ['/bin/true'] }, smtp: { host: 'localhost' } },
        shared: { channels },
      });
      const secrets = await readNotifySecrets(config.notify, [process.getuid?.() ?? 0]);
      expect(secrets.get('hook-key')).toEqual({ ok: true, value: 's3cret' });
      expect(notifyWarnings(config, secrets)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('runs programs by their path only, and without a shell', () => {
    const parsed = configSchema.safeParse({ ...minimal, notify: { commands: { page: ['page --urgent'] } } });
    expect(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      'notify.commands.page: begins with no absolute path',
    ]);
  });
});
