/** What an observer decides: nothing, ever. It measures the service and tells people; it has no data and no vote. */
import { because } from './because.ts';
import type { Decision } from './decision.ts';
import type { View } from './view.ts';

export const observing = ({ coordinator }: View): Decision =>
  coordinator.kind === 'never-read'
    ? because('observe', 'an observer: etcd has not been read yet')
    : because('observe', 'an observer measures the service and tells people; it decides nothing');
