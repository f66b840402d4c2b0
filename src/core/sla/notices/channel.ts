/**
 * Who is told of an outage, and through what. The configuration that says so lies in etcd for everybody who may read
 * that: so no secret and no command is in it, only their names. What a name stands for is in each host's own file.
 */
import type { Ms } from '../../units.ts';
import type { Contract, Site } from '../contract.ts';
import type { Templates } from './template.ts';

export type Channel = WebhookChannel | AlertmanagerChannel | EmailChannel | CommandChannel;

interface AnyChannel {
  /** What sites and contracts refer to. */
  readonly id: string;
  /** Replace the usual wording, occasion by occasion. */
  readonly templates: Templates;
}

export interface WebhookChannel extends AnyChannel {
  readonly kind: 'webhook';
  readonly url: string;
  /** Name of the secret that messages are signed with; null: they are not signed. */
  readonly secret: string | null;
}

export interface AlertmanagerChannel extends AnyChannel {
  readonly kind: 'alertmanager';
  /** Where it is served, without `/api/v2`. */
  readonly url: string;
  /** Name of a secret that is sent as bearer token; null: none is. */
  readonly token: string | null;
  /** Beside those that Baton gives every alert. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface EmailChannel extends AnyChannel {
  readonly kind: 'email';
  readonly from: string;
  readonly to: readonly string[];
  /** Null: each host's own relay. */
  readonly smtp: SmtpServer | null;
}

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `starttls`: refused without it; `implicit`: TLS from the first byte; `none`: also where it is offered. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly username: string | null;
  /** Name of the secret that is the user's password. */
  readonly secret: string | null;
}

export interface CommandChannel extends AnyChannel {
  readonly kind: 'command';
  /** Name of an entry in the host's `notify.commands`. */
  readonly run: string;
}

/** All that planning needs of the shared configuration. */
export interface NoticePolicy {
  /** An outage that is shorter sends one message, at its end. */
  readonly afterMs: Ms;
  /** How often people hear that it still lasts. */
  readonly againMs: Ms;
  readonly channels: readonly Channel[];
  readonly sites: readonly SiteAudience[];
  readonly contracts: readonly ContractAudience[];
}

export interface SiteAudience {
  readonly site: Site;
  /** IANA zone in which it reads times. */
  readonly zone: string;
  readonly channels: readonly string[];
}

/** Whoever answers for the contract, on either side. Reads times in the contract's zone. */
export interface ContractAudience {
  readonly contract: Contract;
  /** The sites that it covers, as people call them. */
  readonly sites: readonly Site[];
  readonly channels: readonly string[];
  /** Through what its monthly report is sent; null: those of `channels` that are made for reading. */
  readonly reportChannels: readonly string[] | null;
}
