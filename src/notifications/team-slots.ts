/** How much is done at one time: so much for each team, and so much for all of them. What is too much waits, in the order in which it came. */
import { createSlots } from "../platform/slots.ts";

export type WithTeamSlot = <T>(teamId: string, work: () => Promise<T>) => Promise<T>;

export function createTeamSlots({ perTeam, inAll }: { perTeam: number; inAll: number }): WithTeamSlot {
  const withSlot = createSlots(inAll);
  const teams = new Map<string, { readonly withSlot: typeof withSlot; users: number }>();
  return async (teamId, work) => {
    const team = teams.get(teamId) ?? { withSlot: createSlots(perTeam), users: 0 };
    teams.set(teamId, team);
    team.users++;
    try {
      return await team.withSlot(() => withSlot(work));
    } finally {
      if (--team.users === 0) teams.delete(teamId);
    }
  };
}
