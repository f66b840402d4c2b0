/** Announced maintenance, reports and drills, under /v1/. */
import { rulings } from '../core/sla/maintenance/ruling.ts';
import { isMonth } from '../core/sla/accounting/zone.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import { cancelDraftSchema, drillDraftSchema, maintenanceDraftSchema } from '../wire/planned-drafts.ts';
import { promisesSchema } from '../wire/contract.ts';
import { change } from './change.ts';
import { problem, type Route } from './route.ts';

const maintenanceExample = '{from, to, contracts, sites, by, reason}: instants like 2008-05-04T02:00:00+01:00';

export const plannedRoutes = (face: DaemonFace, changes: boolean): readonly Route[] => [
  {
    path: '/v1/maintenance',
    methods: {
      GET: (context) => {
        const { contracts } = face.promises();
        const maintenance = face.announcements().map((each) => ({ ...each, rulings: rulings(each, contracts) }));
        return context.json({ maintenance });
      },
      POST: (context) =>
        change(context, changes, maintenanceDraftSchema, maintenanceExample, (draft) => face.announce(draft)),
    },
  },
  {
    path: '/v1/maintenance/:id/cancel',
    methods: {
      POST: (context) =>
        change(context, changes, cancelDraftSchema, '{by, reason}', (draft) =>
          face.cancelMaintenance({ id: context.req.param('id') ?? '', ...draft }),
        ),
    },
  },
  {
    path: '/v1/reports',
    methods: {
      GET: (context) => {
        const month = context.req.query('month') ?? '';
        if (!isMonth(month))
          return problem(context, 400, 'bad-month', `"${month.slice(0, 40)}" is no month`, 'write ?month=2008-04');
        const wanted = context.req.query('contract');
        const reports = face.contractReports(month);
        return context.json({
          reports: wanted === undefined ? reports : reports.filter(({ contract }) => contract === wanted),
        });
      },
    },
  },
  {
    path: '/v1/runs',
    methods: { GET: (context) => context.json({ runs: face.runs() }) },
  },
  {
    path: '/v1/promises',
    methods: { GET: (context) => context.json(promisesSchema.parse(face.promises())) },
  },
  {
    path: '/v1/drills',
    methods: {
      GET: (context) => context.json({ drills: face.drills() }),
      POST: (context) =>
        change(context, changes, drillDraftSchema, '{candidate, leader, term, by, reason}', (draft) =>
          face.drill(draft),
        ),
    },
  },
];
