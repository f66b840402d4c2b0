/** A real SMTP server in this process that keeps the mails it takes. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  readonly secure: boolean;
  /** Head and body, with long lines put together again. */
  readonly text: string;
}

export class SmtpRelay implements AsyncDisposable {
  readonly mails: Mail[] = [];
  readonly port: number;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, port: number, mails: Mail[]) {
    this.#server = server;
    this.port = port;
    this.mails = mails;
  }

  static async start(options: SMTPServerOptions = {}): Promise<SmtpRelay> {
    const mails: Mail[] = [];
    const server = new SMTPServer({
      logger: false,
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, session, done) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            user: session.user === undefined ? null : String(session.user),
            secure: session.secure,
            text: unfolded(Buffer.concat(pieces).toString('utf8')),
          });
          done(null);
        });
      },
      ...options,
    });
    // A client that breaks off is no fault of the relay's.
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SmtpRelay(server, (server.server.address() as AddressInfo).port, mails);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** Quoted-printable breaks lines with `=`, heads go on with a blank. */
const unfolded = (text: string): string =>
  text
    .replaceAll('=\r\n', '')
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .replaceAll('\r\n', '\n');
