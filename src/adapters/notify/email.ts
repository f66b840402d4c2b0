/** A mail through a relay. Its Message-ID is made of the key, so that mail systems drop the second of two. */
import { connect, type Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { err, ok, type Result } from '../../core/result.ts';
import type { EmailChannel, SmtpServer } from '../../core/sla/notices/channel.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import type { DeliveryProblem } from '../../core/sla/notices/outbox.ts';
import { type Ms, second } from '../../core/units.ts';
import type { Delivery } from '../../ports/notifier.ts';
import { errorText } from './error-text.ts';

/** Of one answer of the relay; the signal bounds the whole. */
const answerLimitMs: Ms = 8 * second;

export async function sendMail(
  { from, to }: EmailChannel,
  server: SmtpServer,
  notice: Notice,
  password: string | null,
  signal: AbortSignal,
): Promise<Result<Delivery, DeliveryProblem>> {
  const where = `${server.host}:${server.port}`;
  let socket: Socket | null = null;
  try {
    socket = await connected(server, signal);
    const connection = socket;
    const transport = createTransport({
      host: server.host,
      port: server.port,
      secure: server.tls === 'implicit',
      requireTLS: server.tls === 'starttls',
      ignoreTLS: server.tls === 'none',
      ...(server.username === null ? {} : { auth: { user: server.username, pass: password ?? '' } }),
      greetingTimeout: answerLimitMs,
      socketTimeout: answerLimitMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options, give) => give(null, { connection }),
    });
    const { accepted, rejectedErrors } = await transport.sendMail({
      from,
      to: [...to],
      subject: notice.subject,
      text: mailText(notice),
      attachments: (notice.documents ?? [])
        .filter(({ mediaType }) => mediaType === 'text/html')
        .map(({ name, mediaType, text }) => ({
          filename: name,
          contentType: `${mediaType}; charset=utf-8`,
          content: text,
        })),
      date: new Date(notice.at),
      messageId: messageId(notice.key, from),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Baton-Key': notice.key },
    });
    return outcomeOf(where, accepted.length, rejectedErrors ?? []);
  } catch (thrown) {
    if (signal.aborted) return err({ kind: 'passing', problem: `${where}: ${errorText(signal.reason)}` });
    return err({ kind: isLasting(thrown) ? 'lasting' : 'passing', problem: `${where}: ${errorText(thrown)}` });
  } finally {
    socket?.destroy();
  }
}

/** What is Markdown is to be read in the mail itself; a page that needs a browser goes with it as a file. */
const mailText = ({ text, documents = [] }: Notice): string =>
  [text, ...documents.flatMap((each) => (each.mediaType === 'text/markdown' ? [each.text] : []))].join('\n\n');

/** The library cannot be interrupted; its socket can. */
function connected({ host, port }: SmtpServer, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

interface SmtpError {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly recipient?: string | undefined;
}

/** Some recipients were refused for now: all get it again, and know it by its Message-ID. Refused for good: so be it. */
function outcomeOf(where: string, accepted: number, refusals: readonly SmtpError[]): Result<Delivery, DeliveryProblem> {
  if (refusals.length === 0) return ok({ remark: null });
  const who = refusals.map(({ recipient, responseCode }) => `${recipient ?? 'a recipient'} (${responseCode ?? '?'})`);
  const says = `${where} refused ${who.join(', ')}`;
  if (refusals.every(isLasting) && accepted > 0) return ok({ remark: says });
  return err({ kind: refusals.every(isLasting) ? 'lasting' : 'passing', problem: says });
}

/** 5xx is the relay's last word, and so is a password that it does not take. */
const isLasting = (thrown: unknown): boolean => {
  const { code, responseCode } = thrown as SmtpError;
  return code === 'EAUTH' || code === 'ETLS' || (responseCode !== undefined && responseCode >= 500);
};

function messageId(key: string, from: string): string {
  const domain = /@([^\s<>@]+)>?$/.exec(from)?.[1] ?? 'baton';
  return `<${key.replaceAll(/[^A-Za-z0-9-]+/g, '.')}@${domain}>`;
}
