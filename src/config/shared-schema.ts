/**
 * The `shared` section: what all members of a cluster must agree on. It goes to etcd's `config` key once, at bootstrap;
 * the same schema reads it back from there.
 */
import { z } from 'zod';
import { dayMs, KiB, MiB, minute, second } from '../core/units.ts';
import { channelSchema } from './channel-schema.ts';
import { contractSchema, siteSchema } from './contract-schema.ts';
import { budget, duration, size } from './quantity.ts';
import { drillSchema, reportsSchema } from './schedule-schema.ts';

/** Sections whose durations bear on each other: see timing-checks.ts. */
export const timingShape = {
  lease: z
    .strictObject({
      ttl: duration(second, 5 * minute)
        .prefault('5s')
        .describe('how long a silent leader keeps the leader key; whole seconds, because etcd counts in them'),
      heartbeat: duration(20, second).prefault('250ms').describe('how often the lease is renewed, below 1s'),
      margin: duration(100, minute)
        .prefault('500ms')
        .describe('how long before the end of the ttl the leader stops: more than a fence takes'),
    })
    .prefault({})
    .describe('the leader lease in etcd'),
  guardian: z
    .strictObject({
      orphan: duration(3 * second, 10 * minute)
        .prefault('10s')
        .describe('how long the guardian of a leader holds on while batond is silent'),
      silent: duration(500, minute).prefault('2s').describe('how long a guardian may be silent before batond kills it'),
    })
    .prefault({})
    .describe('how batond and the guardian supervise each other'),
  probe: z
    .strictObject({
      interval: duration(50, minute)
        .prefault('1s')
        .describe('how often the other members are probed while all is well'),
      deadline: duration(20, minute).prefault('500ms').describe('how long a probe may take while all is well'),
      doubtInterval: duration(20, minute).prefault('100ms').describe('how often they are probed after bad news'),
      doubtDeadline: duration(20, minute).prefault('300ms').describe('how long a probe may take after bad news'),
      writeInterval: duration(20, minute).prefault('300ms').describe("how often the leader's own write probe commits"),
    })
    .prefault({})
    .describe('the probes that gather evidence'),
  failover: z
    .strictObject({
      profile: z
        .enum(['fast', 'calm'])
        .default('fast')
        .describe(
          'calm makes the defaults of hang and streamSilence 24 times as long: it rides out a storage-path flap of 30 s',
        ),
      hang: duration(100, 10 * minute)
        .optional()
        .describe(
          'how long local probes must fail before postgres counts as frozen, four times as long while sessions are served (default 1500ms; calm 36s)',
        ),
      streamSilence: duration(100, 10 * minute)
        .optional()
        .describe('how long the stream must be silent before that counts as evidence (default 1s; calm 24s)'),
      refusedConfirm: duration(20, minute).prefault('100ms').describe('how far apart two refusals must be to count'),
      failsafeWindow: duration(100, minute)
        .prefault('1500ms')
        .describe('how long a leader without etcd may go on after the last commit that its standby acknowledged'),
      coldStartWait: duration(0, 10 * minute)
        .prefault('10s')
        .describe('how long members that start together wait for each other'),
      crashBudget: budget()
        .prefault('3 in 10m')
        .describe('restarts in place before postgres counts as unfit, like 3 in 10m'),
      cooldown: budget().prefault('3 in 1h').describe('failovers before automation is held, like 3 in 1h'),
      maxLag: size(0, 1024 ** 5)
        .prefault('1MiB')
        .describe('mode off: most WAL that an automatic failover may lose'),
    })
    .prefault({})
    .describe('when to fail over'),
};

export const sharedSchema = z
  .strictObject({
    ...timingShape,
    synchronous: z
      .strictObject({
        mode: z
          .enum(['available', 'strict', 'off'])
          .default('available')
          .describe(
            'available: no acknowledged commit lost in any single failure; strict: none ever, writes block; off: bounded loss',
          ),
      })
      .prefault({})
      .describe('what a commit waits for'),
    fence: z
      .strictObject({
        remote: z
          .boolean()
          .default(true)
          .describe('whether a new leader stops a former primary that still answers through its own PostgreSQL'),
      })
      .prefault({})
      .describe('what is done about a former primary'),
    incident: z
      .strictObject({
        after: duration(100, 10 * minute)
          .prefault('2s')
          .describe('how long the write probe must fail before a doubt is recorded as an incident'),
      })
      .prefault({})
      .describe('when an outage is recorded'),
    notify: z
      .strictObject({
        after: duration(0, 60 * minute)
          .prefault('30s')
          .describe('how long an outage lasts before people are told; a shorter one sends one message, at its end'),
        again: duration(minute, dayMs).prefault('15m').describe('how often they hear that it still lasts'),
      })
      .prefault({})
      .describe('when people are told of outages'),
    channels: z
      .array(channelSchema)
      .max(100)
      .default([])
      .describe('the ways to tell people: [{id, kind, ...}]; no secret is in them, only names of secrets'),
    sites: z
      .array(siteSchema)
      .max(1000)
      .default([])
      .describe('the customer sites that the cluster serves: [{id, name, zone, channels}]'),
    contracts: z.array(contractSchema).max(1000).default([]).describe('what was promised to whom'),
    reports: reportsSchema.optional().describe('when monthly reports are made: {schedule: "0 0 6 1 * *", zone}'),
    drill: drillSchema
      .optional()
      .describe('when a switchover is made to prove that it works: {schedule, zone, window}'),
  })
  .describe('configuration that all members share; after bootstrap the one in etcd rules');

export const timingSchema = z.object(timingShape);

export type Shared = z.output<typeof sharedSchema>;
export type Timing = z.output<typeof timingSchema>;

/** etcd refuses requests above 1.5 MiB, and every daemon holds this in memory. */
export const sharedTextBytesMax = 512 * KiB;
/** Anything larger is not a configuration. */
export const configFileBytesMax = 1 * MiB;
