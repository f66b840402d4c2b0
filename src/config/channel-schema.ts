/** Channels as they are written; what they mean is the core's `Channel`. No secret and no command is among it, only names. */
import { z } from 'zod';
import type { AlertmanagerChannel, CommandChannel, EmailChannel, WebhookChannel } from '../core/sla/notices/channel.ts';
import { mentions, type Templates, unknownFields, FIELDS } from '../core/sla/notices/template.ts';
import { KiB } from '../core/units.ts';
import { fieldProblem } from './problem.ts';
import { id } from './shared-id.ts';

const httpUrl = (what: string) =>
  z
    .string()
    .max(2 * KiB)
    .transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      const mend = 'write a URL like https://alerts.example.org/hook';
      if (url === null || !['http:', 'https:'].includes(url.protocol))
        context.addIssue(fieldProblem(`"${text}" is not an http or https URL`, mend));
      else if (url.username !== '' || url.password !== '')
        context.addIssue(fieldProblem('has a user or a password in it', 'everybody who may read etcd would see it'));
      else if (url.hash !== '')
        context.addIssue(fieldProblem('has a fragment (#), which is never sent', 'leave it out'));
      return text;
    })
    .describe(what);

const mailAddress = (what: string) =>
  z
    .string()
    .max(320)
    .regex(/^([^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'not a mail address')
    .describe(`${what}, like on-call@example.org or Baton <baton@example.org>`);

const wording = (what: string, lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .superRefine((text, context) => {
      const [unknown] = unknownFields(text);
      if (unknown !== undefined)
        context.addIssue(fieldProblem(`{${unknown}} is nothing that can be told`, `known here: ${FIELDS.join(', ')}`));
    })
    .describe(what);

const template = (when: string) =>
  z
    .strictObject({
      subject: wording('one line, with gaps like {cluster}', 200)
        .refine((text) => !text.includes('\n'), { error: 'has a line break', params: { mend: 'write one line' } })
        .optional(),
      text: wording('the message, with gaps like {cluster}; {loss} must be in it', 4 * KiB)
        .refine((text) => mentions(text, 'loss'), {
          error: 'does not say whether anything was lost',
          params: { mend: 'put {loss} into it: every message says so' },
        })
        .optional(),
    })
    .optional()
    .describe(`other wording for ${when}: {subject, text}`);

const templatesSchema = z
  .strictObject({
    started: template('an outage that has begun'),
    'still-down': template('one that goes on'),
    breached: template('a contract that is breached'),
    over: template('its end'),
    restored: template('redundancy that is back'),
    lost: template('what was lost, found out later'),
    test: template('a test'),
    report: template("a month's report"),
    burning: template('a downtime budget that is used up too fast'),
    'burning-over': template('one that no longer is'),
  })
  .transform((written): Templates => {
    const given = Object.entries(written).flatMap(([occasion, each]) => {
      if (each === undefined) return [];
      const { subject, text } = each;
      return [[occasion, { ...(subject === undefined ? {} : { subject }), ...(text === undefined ? {} : { text }) }]];
    });
    return Object.fromEntries(given) as Templates;
  })
  .prefault({})
  .describe('other wording than the usual one, for each occasion');

const kinds = 'webhook, alertmanager, email or command';
const common = { id: id('the id of a channel'), templates: templatesSchema };
const secretName = (what: string) => id(`name of ${what} in each host's notify.secrets`).optional();

const webhook = z
  .strictObject({
    ...common,
    kind: z.literal('webhook').describe(kinds),
    url: httpUrl('where CloudEvents are posted'),
    secret: secretName('the secret that signs messages'),
  })
  .transform(({ secret, ...rest }): WebhookChannel => ({ ...rest, secret: secret ?? null }));

const reservedLabels = ['alertname', 'severity', 'cluster', 'incident', 'site', 'contract', 'channel'];

const alertmanager = z
  .strictObject({
    ...common,
    kind: z.literal('alertmanager').describe(kinds),
    url: httpUrl('where Alertmanager is served, without /api/v2'),
    token: secretName('the bearer token'),
    labels: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not the name of a label')
          .refine((label) => !reservedLabels.includes(label), 'a label that Baton sets itself'),
        z.string().min(1).max(200),
      )
      .default({})
      .describe('labels that every alert gets, beside those that Baton sets'),
  })
  .transform(
    ({ token, url, ...rest }): AlertmanagerChannel => ({ ...rest, url: url.replace(/\/+$/, ''), token: token ?? null }),
  );

export const smtpSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,253}$/, 'not a host')
      .describe('the mail relay'),
    port: z.number().int().min(1).max(65_535).default(587).describe('its port'),
    tls: z
      .enum(['starttls', 'implicit', 'none'])
      .default('starttls')
      .describe(
        'starttls: refused without it; implicit: TLS from the first byte (port 465); none: for a relay on this host',
      ),
    username: z.string().min(1).max(200).optional().describe('name of the user'),
    secret: secretName("the user's password"),
  })
  .superRefine(({ username, secret, tls }, context) => {
    if ((username === undefined) !== (secret === undefined))
      context.addIssue(fieldProblem('has only one of username and secret', 'give both, or neither'));
    if (secret !== undefined && tls === 'none')
      context.addIssue(fieldProblem('would send the password in clear', 'take starttls or implicit', ['tls']));
  })
  .transform(({ username, secret, ...rest }) => ({ ...rest, username: username ?? null, secret: secret ?? null }));

const email = z
  .strictObject({
    ...common,
    kind: z.literal('email').describe(kinds),
    from: mailAddress('the sender'),
    to: z.array(mailAddress('a recipient')).min(1).max(50).describe('the recipients'),
    smtp: smtpSchema.optional().describe("the mail relay; left out: each host's own (notify.smtp)"),
  })
  .transform(({ smtp, ...rest }): EmailChannel => ({ ...rest, smtp: smtp ?? null }));

const command = z
  .strictObject({
    ...common,
    kind: z.literal('command').describe(kinds),
    run: id("name of a command in each host's notify.commands"),
  })
  .transform((written): CommandChannel => written);

export const channelSchema = z
  .discriminatedUnion('kind', [webhook, alertmanager, email, command], {
    error: (issue) =>
      issue.code === 'invalid_union' ? 'kind is none of webhook, alertmanager, email, command' : undefined,
  })
  .describe(`a way to tell people: {id, kind: ${kinds}, ...}`);
