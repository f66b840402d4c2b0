/** Mails to a real SMTP server: one that takes them, refuses some, wants TLS and a password, or never answers. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { err, ok } from '../../../src/core/result.ts';
import type { EmailChannel, SmtpServer } from '../../../src/core/sla/notices/channel.ts';
import type { Notice } from '../../../src/core/sla/notices/notice.ts';
import { SmtpRelay } from '../../support/smtp-relay.ts';
import { aNotifier, anOverNotice, aStartedNotice, deadline } from './a-notice.ts';

const plain = (port: number): SmtpServer => ({ host: '127.0.0.1', port, tls: 'none', username: null, secret: null });
const aMailChannel = (smtp: SmtpServer | null, to: readonly string[] = ['on-call@trust.example']): EmailChannel => ({
  id: 'mail',
  kind: 'email',
  from: 'Baton <baton@example.org>',
  to,
  smtp,
  templates: {},
});
const send = (channel: EmailChannel, notice: Notice = anOverNotice, signal = deadline(10_000)) =>
  aNotifier().deliver(channel, notice, signal);
const messageIdOf = (text: string | undefined) => /^Message-ID: (.*)$/im.exec(text ?? '')?.[1];

test('a mail has the subject and text of the notice, and the same Message-ID each time', async () => {
  await using relay = await SmtpRelay.start();
  const channel = aMailChannel(plain(relay.port), ['on-call@trust.example', 'Duty <duty@trust.example>']);
  for (const notice of [anOverNotice, anOverNotice, aStartedNotice])
    expect(await send(channel, notice)).toEqual(ok({ remark: null }));
  const [one, again, other] = relay.mails;
  expect(one).toMatchObject({ from: 'baton@example.org', to: ['on-call@trust.example', 'duty@trust.example'] });
  expect(one?.text).toMatch(/^Subject: domain-1 is back for Royal Berkshire after 44 min$/m);
  expect(one?.text).toContain('Whether anything that a user saw saved was lost is not known');
  expect(one?.text).toMatch(/^Auto-Submitted: auto-generated$/im);
  expect(messageIdOf(one?.text)).toMatch(/^<domain-1-[a-z0-9.-]+\.site-berkshire\.over\.0\.hook@example\.org>$/);
  expect(messageIdOf(again?.text)).toBe(messageIdOf(one?.text));
  expect(messageIdOf(other?.text)).not.toBe(messageIdOf(one?.text));
});

test('documents go with it: what is text in the mail, what is a page as a file', async () => {
  await using relay = await SmtpRelay.start();
  const documents = [
    { name: 'april.html', mediaType: 'text/html', text: '<h1>April</h1>' },
    { name: 'april.md', mediaType: 'text/markdown', text: '# April' },
  ] as const;
  expect(await send(aMailChannel(plain(relay.port)), { ...anOverNotice, documents })).toEqual(ok({ remark: null }));
  const [{ text = '' } = {}] = relay.mails;
  expect(text).toMatch(/^Content-Type: text\/html; charset=utf-8; name=april\.html$/im);
  expect(text).toMatch(/^Content-Disposition: attachment; filename=april\.html$/im);
  expect(text).toContain('# April');
  expect(text).not.toContain('april.md');
});

test('the relay of the host is taken where the channel names none', async () => {
  await using relay = await SmtpRelay.start();
  const notifier = aNotifier({ smtp: plain(relay.port) });
  expect(notifier.obstacle(aMailChannel(null))).toBeNull();
  expect(await notifier.deliver(aMailChannel(null), anOverNotice, deadline(10_000))).toEqual(ok({ remark: null }));
  expect(relay.mails).toHaveLength(1);
  expect(aNotifier().obstacle(aMailChannel(null))).toMatch(/no mail relay and mail names none: add notify\.smtp/);
});

const refusing = (code: number) => ({
  onRcptTo: ({ address }: { readonly address: string }, _session: unknown, done: (error?: Error) => void) =>
    done(address.startsWith('gone') ? Object.assign(new Error('no such user'), { responseCode: code }) : undefined),
});

test('a recipient that is refused for good keeps the others from nothing, and is told', async () => {
  await using relay = await SmtpRelay.start(refusing(550));
  const result = await send(aMailChannel(plain(relay.port), ['on-call@trust.example', 'gone@trust.example']));
  expect(result).toEqual(ok({ remark: `127.0.0.1:${relay.port} refused gone@trust.example (550)` }));
  expect(relay.mails).toHaveLength(1);
});

test('a recipient that is refused for now makes all of it be sent again', async () => {
  await using relay = await SmtpRelay.start(refusing(451));
  const result = await send(aMailChannel(plain(relay.port), ['on-call@trust.example', 'gone@trust.example']));
  expect(result).toMatchObject({ ok: false, error: { kind: 'passing' } });
});

test('a relay that refuses everybody for good is a lasting problem', async () => {
  await using relay = await SmtpRelay.start(refusing(550));
  const result = await send(aMailChannel(plain(relay.port), ['gone@trust.example']));
  expect(result).toMatchObject({ ok: false, error: { kind: 'lasting', problem: expect.stringContaining('550') } });
});

test('without TLS where it is demanded nothing is sent', async () => {
  await using relay = await SmtpRelay.start();
  const result = await send(aMailChannel({ ...plain(relay.port), tls: 'starttls' }));
  expect(result).toMatchObject({ ok: false, error: { kind: 'lasting' } });
  expect(relay.mails).toHaveLength(0);
});

function aCertificate(): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'baton-smtp-'));
  try {
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('TLS is verified, and the password comes from the host; a wrong one is a lasting problem that does not show it', async () => {
  const certificate = aCertificate();
  for (const tls of ['starttls', 'implicit'] as const) {
    await using relay = await SmtpRelay.start({
      ...certificate,
      secure: tls === 'implicit',
      disabledCommands: [],
      authOptional: false,
      onAuth: ({ username, password }, _session, done) =>
        password === 's3cret' ? done(null, { user: username }) : done(new Error('wrong')),
    });
    const server = { host: 'localhost', port: relay.port, tls, username: 'baton', secret: 'mail-password' } as const;
    const withPassword = (password: string) =>
      aNotifier({ secrets: new Map([['mail-password', ok(password)]]) }).deliver(
        aMailChannel(server),
        anOverNotice,
        deadline(10_000),
      );
    const unknownIssuer = await withPassword('s3cret');
    expect(unknownIssuer).toMatchObject({ ok: false, error: { problem: expect.stringMatching(/self-signed/) } });
    const known = getCACertificates('default');
    setDefaultCACertificates([...known, certificate.cert]);
    try {
      expect(await withPassword('s3cret')).toEqual(ok({ remark: null }));
      expect(relay.mails).toEqual([expect.objectContaining({ user: 'baton', secure: true })]);
      const wrong = await withPassword('hunter2');
      expect(wrong).toMatchObject({ ok: false, error: { kind: 'lasting' } });
      expect(JSON.stringify(wrong)).not.toContain('hunter2');
    } finally {
      setDefaultCACertificates(known);
    }
  }
});

test('a relay that never greets is left at the deadline, and its connection is closed', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
      .resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = silent.address() as AddressInfo;
    const stop = new AbortController();
    const attempt = send(aMailChannel(plain(port)), anOverNotice, stop.signal);
    await expect.poll(() => sockets.size).toBe(1);
    stop.abort(new Error('no answer within 10 s'));
    expect(await attempt).toEqual(err({ kind: 'passing', problem: `127.0.0.1:${port}: no answer within 10 s` }));
    await expect.poll(() => sockets.size).toBe(0);
  } finally {
    await new Promise((resolve) => silent.close(resolve));
  }
});

test('nobody listening is a passing problem', async () => {
  const relay = await SmtpRelay.start();
  await relay[Symbol.asyncDispose]();
  expect(await send(aMailChannel(plain(relay.port)))).toEqual(
    err({ kind: 'passing', problem: expect.stringMatching(/ECONNREFUSED/) }),
  );
});
