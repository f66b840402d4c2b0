/** Something that is done to a member again and again while a fault lasts. */
import type { Ms } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';
import type { World } from '../world.ts';
import { type Aim, type Fault, onMember } from './fault.ts';

export function repeatedly(
  text: string,
  aim: Aim,
  everyMs: Ms,
  act: (member: Member, world: World) => void,
  end: (member: Member) => void = () => {},
): Fault {
  let going = false;
  const again = (member: Member, world: World) => {
    if (!going) return;
    act(member, world);
    world.clock.timer(everyMs, () => again(member, world));
  };
  return onMember(
    text,
    aim,
    (member, world) => {
      going = true;
      again(member, world);
    },
    (member) => {
      going = false;
      end(member);
    },
  );
}
