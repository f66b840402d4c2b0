/** Every rule that can fire: the label on logs, metrics, journals and `explain`. One row each in the decision tables. */
export const RULES = [] as const;
export type Rule = string;
